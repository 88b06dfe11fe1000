"""Clients of certain patients subscribe to what is theirs, and are shown no more."""

import asyncio

from sqlalchemy import text

from fhir.subscriptions.topics import ALERTS
from store.database import Database
from tests.api.compartments.conftest import Confined
from tests.api.subscriptions.conftest import Match
from tests.api.subscriptions.conftest import match as match
from tests.api.subscriptions.test_events import events, flag
from tests.api.support import store
from tests.fhir.subscriptions.samples import subscription

FHIR = {"Content-Type": "application/fhir+json"}
SCOPES = "system/Subscription.cruds patient/Flag.rs"


async def test_they_subscribe_to_their_patients(confined: Confined) -> None:
    client = await confined("p1", "p2", scopes=SCOPES)
    for filters, status in (
        (("patient=p1",), 201),
        (("Flag?patient=p1,p2",), 201),
        (("patient=p1", "patient=p9"), 201),  # nobody's
        (("patient=p9",), 403),
        (("patient=p1,p9",), 403),
        (("status=active",), 403),
        ((), 403),
    ):
        sent = subscription(ALERTS, *filters)
        await client.send("POST", "Subscription", status, json=sent, headers=FHIR)


async def test_who_loses_a_patient_is_told_numbers_alone(
    confined: Confined, database: Database, match: Match
) -> None:
    client = await confined("p1", scopes=SCOPES)
    sent = subscription(ALERTS, "patient=p1", id="s")
    await client.send("PUT", "Subscription/s", 201, json=sent, headers=FHIR)
    await store(database, flag("f1"))
    await match()
    assert events((await client.get("Subscription/s/$events")).json()) == [("1", "Flag/f1")]
    async with database.transaction() as tx:
        await tx.execute(text("UPDATE client SET patients = '{}'"))
    await asyncio.sleep(1.1)  # the patients are looked up once a second
    assert events((await client.get("Subscription/s/$events")).json()) == [("1", None)]
