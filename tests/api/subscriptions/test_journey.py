"""A registered client's Subscription, from its creation to the replay of what it missed."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import FastAPI

from alerting.subscriptions.matcher import Matcher
from core.settings import Settings
from fhir.subscriptions import codes
from fhir.subscriptions.topics import ALERTS, REPORTS
from fhir.subscriptions.turns import turn
from fhir.values import Json
from store.database import Database
from store.subscriptions.state import Status
from tests.api.audit.support import request
from tests.api.conftest import Scoped
from tests.api.smart.support import ROOT, registered
from tests.api.subscriptions.test_events import events, flag
from tests.api.support import Client, connected, patient
from tests.fhir.subscriptions.samples import extension, subscription

FHIR = {"Content-Type": "application/fhir+json"}
SCOPES = ("system/Subscription.crus", "system/Flag.rs")


@pytest.fixture
def settings() -> Settings:
    return Settings.model_validate(
        {"public_url": ROOT, "subscription_origins": ["https://ehr.test"]}
    )


@pytest.fixture
async def at_work(database: Database) -> AsyncIterator[None]:
    """The matcher as the notifier runs it."""
    stop = asyncio.Event()
    running = asyncio.create_task(Matcher(database, poll_s=0.5).run(stop))
    yield
    stop.set()
    await running


async def _client(app: FastAPI, database: Database, *scopes: str) -> Client:
    """A client that has just been registered, and has a token for all its scopes."""
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url=ROOT) as http:
        service = await registered(database, http, *scopes)
        return connected(app, await service.token(" ".join(scopes)))


async def _status(client: Client, path: str) -> tuple[str, str]:
    """Status and counter."""
    bundle = (await client.get(f"{path}/$status")).json()
    values = {p["name"]: p for p in bundle["entry"][0]["resource"]["parameter"]}
    counter = values["events-since-subscription-start"]["valueString"]
    return values["status"]["valueCode"], counter


async def test_a_client_is_told_what_it_missed(
    app: FastAPI, database: Database, with_scopes: Scoped, at_work: None
) -> None:
    async with contextlib.AsyncExitStack() as closing:
        ehr, other = [await _client(app, database, *SCOPES) for _ in range(2)]
        for each in (ehr, other):
            closing.push_async_callback(each.http.aclose)
        ward = with_scopes("system/*.cruds")
        for name in ("p1", "p2"):
            await ward.send("PUT", f"Patient/{name}", 201, json=patient(name), headers=FHIR)

        sent = subscription(ALERTS, "Flag?patient=p1&status=active")
        more = {"extension": [extension(codes.HEARTBEAT, valueUnsignedInt=60)]}
        sent["channel"] |= more
        made = await ehr.send("POST", "Subscription", 201, json=sent, headers=FHIR)
        path = f"Subscription/{made.json()['id']}"
        assert _as_sent(made.json(), sent)
        assert await _status(ehr, path) == ("requested", "0")
        await ehr.send("POST", "Subscription", 403, json=subscription(REPORTS), headers=FHIR)

        async with database.transaction() as tx:  # the handshake has been answered
            await turn(tx, made.json()["id"], Status.ACTIVE)
        for name, person in (("f1", "p1"), ("f2", "p2"), ("f3", "p1")):
            sent_flag = flag(name, subject={"reference": f"Patient/{person}"})
            await ward.send("PUT", f"Flag/{name}", 201, json=sent_flag, headers=FHIR)
        counted = database.listen("event")
        async with asyncio.timeout(30):
            while await _status(ehr, path) != ("active", "2"):
                await counted.wait(0.2)

        replayed = (await ehr.get(f"{path}/$events?content=full-resource")).json()
        assert events(replayed) == [("1", "Flag/f1"), ("2", "Flag/f3")]
        assert replayed["entry"][1]["resource"]["code"] == {"text": "pause"}
        await other.get(f"{path}/$events", 403)
        administrator = (await ward.get(f"{path}/$events?eventsSinceNumber=2")).json()
        assert events(administrator) == [("2", "Flag/f3")]

        audited = await with_scopes("system/AuditEvent.rs").get("AuditEvent?patient=Patient/p1")
        told = (entry["resource"] for entry in audited.json()["entry"])
        asked = [request(each) for each in told if any("query" in e for e in each["entity"])]
        assert sum("$events" in line for line in asked) == 2


def _as_sent(made: Json, sent: Json) -> bool:
    """Whether all elements are as they were sent, those that the profile asks for among them."""
    return {name: made.get(name) for name in sent} == sent
