"""Tokens, refusals and floods of them; enrolment; emergency access."""

import asyncio

import httpx
import pytest
from fastapi import FastAPI
from prometheus_client import REGISTRY

from api.audit.refusals import Refusals
from api.break_glass import SCOPE
from store.auditor import Auditor
from store.database import Database
from tests.api.audit.support import events, roles, trail
from tests.api.conftest import Scoped
from tests.api.smart.support import registered
from tests.api.support import Client, heart_rate, patient, store

REASON = "Resuscitation in room 4, Žižkov"
GLASS = {b"X-Break-Glass": REASON.encode()}
NARROW = "system/Observation.rs?category=procedure"


async def test_tokens_issued_and_refused(app: FastAPI, database: Database, client: Client) -> None:
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as http:
        service = await registered(database, http)
        url = "http://localhost/auth/token"
        good = await service.ask(service.assertion(aud=url))
        assert good.status_code == 200
        assert (await service.ask(service.assertion(aud="http://elsewhere"))).status_code == 401
    issued, refused = await events(client)
    assert (issued["type"]["code"], issued["subtype"][0]["code"]) == ("110114", "ITI-71")
    assert roles(issued) == {"client": "110150", "server": "AuthzOauthService"}
    assert issued["agent"][0]["altId"] == service.id
    assert (issued["outcome"], refused["outcome"]) == ("0", "4")
    assert all("assertion" not in entry.request.decode() for entry in await trail(database))


async def test_a_flood_of_strangers_is_told_in_two_entries(database: Database) -> None:
    refusals = Refusals(Auditor(database), None, 0.3)
    scope = {"type": "http", "method": "GET", "path": "/fhir/Patient", "client": ("10.0.0.1", 1)}
    await asyncio.gather(*(refusals.note(scope, 401) for _ in range(500)))
    await refusals.note(scope | {"client": ("10.0.0.2", 1)}, 401)
    await refusals.closed()
    assert [(e.address, e.repeats) for e in await trail(database)] == [
        ("10.0.0.1", 1), ("10.0.0.2", 1), ("10.0.0.1", 499),
    ]  # fmt: skip


async def test_strangers_of_many_addresses_are_counted_together(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.audit.refusals.MAX_ADDRESSES", 3)
    refusals = Refusals(Auditor(database), None)
    scope = {"type": "http", "method": "GET", "path": "/fhir/Patient"}
    for n in range(20):
        await refusals.note(scope | {"client": (f"10.0.0.{n}", 1)}, 401)
    assert len(await trail(database)) == 4


async def test_a_token_with_no_right_is_written_down_each_time(
    database: Database, with_scopes: Scoped
) -> None:
    client = with_scopes("system/Flag.rs")
    for _ in range(3):
        await client.get("Patient/p1", 403)
    assert [entry.status for entry in await trail(database)] == [403] * 3


async def seen(client: Client, **options: object) -> list[str]:
    return await client.ids("Observation?_sort=_id", **options)


async def test_broken_glass_widens_reading_for_one_request(
    database: Database, client: Client, with_scopes: Scoped
) -> None:
    await store(database, patient("p1"), heart_rate("o1"))
    broken = REGISTRY.get_sample_value("hisbundle_break_glass_total") or 0
    limited = with_scopes(NARROW, SCOPE)
    assert await seen(limited) == []
    await limited.get("Observation/o1", 404)
    assert await seen(limited, headers=GLASS) == ["o1"]
    await limited.get("Observation/o1", headers=GLASS)
    await limited.get("Observation/o1/_history", headers=GLASS)
    assert await seen(limited) == []
    await limited.get("Patient/p1", 403, headers=GLASS)
    assert REGISTRY.get_sample_value("hisbundle_break_glass_total") == broken + 3
    told = [e for e in await events(client) if "purposeOfEvent" in e]
    assert len(told) == 3
    for event in told:
        (purpose,) = event["purposeOfEvent"]
        assert purpose["coding"][0]["code"] == "BTG"
        assert purpose["text"] == REASON
        assert event["agent"][2]["purposeOfUse"] == [purpose]
        assert event["agent"][2]["requestor"]


async def test_glass_is_not_broken_without_the_right_or_a_reason(
    database: Database, with_scopes: Scoped
) -> None:
    await store(database, patient("p1"), heart_rate("o1"))
    await with_scopes(NARROW).get("Observation/o1", 403, headers=GLASS)
    limited = with_scopes(NARROW, SCOPE, "system/Device.c?type=x")
    for reason in ("short", "x" * 501, " " * 20):
        await limited.get("Observation/o1", 400, headers={"X-Break-Glass": reason})
    assert [e.status for e in await trail(database)] == [403, 400, 400, 400]
    assert all(e.reason is None and e.patient is None for e in await trail(database))


async def test_broken_glass_opens_no_writing_and_no_trail(with_scopes: Scoped) -> None:
    limited = with_scopes(NARROW, "system/Observation.cud?category=procedure", SCOPE)
    await limited.get("AuditEvent", 403, headers=GLASS)
    await limited.send("POST", "/enrolment", 403, headers=GLASS, content=b"{}")
