"""A clinician's limits, from the Goal that sets them to what rings and who is told."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from core.local_vault import LocalVault
from fhir.publishing.publisher import Publisher
from fhir.subscriptions.topics import OUT_OF_RANGE
from fhir.values import Json
from store import wearing
from store.database import Database
from tests.analysis.bed import Bed
from tests.analysis.chunks import T0_US, Chunk, chunks_of
from tests.analysis.synthetic import ecg, regular
from tests.api.subscriptions.conftest import Match
from tests.api.support import Client, patient, store
from tests.devices import Device
from tests.fhir.goals import goal, off, rate
from tests.fhir.subscriptions.samples import subscription

FHIR = {"Content-Type": "application/fhir+json"}
STRIP = 8
"""Chunks of a strip."""
START = datetime.now(UTC) + timedelta(hours=1)
"""Of the signal: whatever a test sets has been set before it."""


def recording(rate_per_min: float, strips: int) -> list[Chunk]:
    """A steady rhythm, the strips whole and told."""
    seconds = strips * 11.968 + 6.0
    signal = ecg(125.0, seconds, regular(seconds, 60 / rate_per_min))
    ahead_us = round(START.timestamp() * 1e6) - T0_US
    return [(seq, replace(c, t0_us=c.t0_us + ahead_us)) for seq, c in chunks_of(signal)]


class Room:
    """One patient at 105/min, and everything from electrode to subscriber."""

    def __init__(self, database: Database, bed: Bed, client: Client, match: Match) -> None:
        self.database, self.bed, self.client, self.match = database, bed, client, match
        self.publisher = Publisher(database, report_interval_s=60)
        self.device = Device()

    async def open(self) -> None:
        await store(self.database, patient("p1"), patient("p2"))
        self.device = await self.bed.device()
        async with self.database.transaction() as tx:
            await wearing.put_on(tx, self.device.id, "p1", START - timedelta(days=1))
        sent = subscription(OUT_OF_RANGE, id="s")
        await self.client.send("PUT", "Subscription/s", 201, json=sent, headers=FHIR)

    async def set(self, *targets: Json, status: int = 200) -> Json:
        sent = goal(*targets)
        answer = await self.client.send("PUT", "Goal/limits", status, json=sent, headers=FHIR)
        told: Json = answer.json()
        return told

    async def record(self, chunks: Sequence[Chunk]) -> None:
        """Chunks in; all that follows from them."""
        await self.bed.send(self.device, chunks)
        await self.bed.analyse()
        while await self.publisher.turn():
            pass
        await self.match()

    async def all(self, query: str) -> list[Json]:
        bundle = (await self.client.get(query)).json()
        return [entry["resource"] for entry in bundle.get("entry", [])]

    async def rates(self) -> list[str]:
        """The interpretation of each heart rate, in order of time."""
        found = await self.all("Observation?code=8867-4&_sort=date&_count=50")
        return [
            each.get("interpretation", [{"coding": [{"code": "-"}]}])[0]["coding"][0]["code"]
            for each in found
        ]

    async def told(self) -> int:
        """How many events the subscriber has had."""
        async with self.database.transaction() as tx:
            query = text("SELECT events FROM subscription WHERE id = 's'")
            count: int = (await tx.execute(query)).scalar_one()
        return count


@pytest.fixture
async def room(database: Database, vault: LocalVault, subscriber: Client, match: Match) -> Room:
    made = Room(database, Bed(database, vault), subscriber, match)
    await made.open()
    return made


async def test_from_the_goal_to_the_subscriber(room: Room) -> None:
    chunks = recording(105, 7)
    made = await room.set(rate(50, 100), status=201)
    assert made["meta"]["versionId"] == "1"
    await room.record(chunks[: 3 * STRIP + 4])
    (flag,) = await room.all("Flag?patient=p1&status=active")
    assert flag["code"]["coding"][0]["code"] == "alert-tachycardia"
    assert "limit 100" in flag["code"]["text"]
    assert "limits Goal/limits/_history/1" in str(flag)
    assert await room.rates() == ["H"] * 3
    (first, *_) = await room.all("Observation?code=8867-4&_sort=date")
    (own,) = first["referenceRange"]
    assert (own["low"]["value"], own["high"]["value"]) == (50, 100)
    assert own["text"].endswith("Goal/limits/_history/1")
    assert await room.told() == 3

    # The limit is raised: what was told stays, and what follows is within it.
    await room.set(rate(50, 120))
    await room.record(chunks[3 * STRIP + 4 :])
    assert await room.rates() == ["H"] * 3 + ["N"] * (len(await room.rates()) - 3)
    assert len(await room.rates()) >= 6
    assert await room.all("Flag?patient=p1&status=active") == []
    (flag,) = await room.all("Flag?patient=p1&status=inactive")
    assert flag["period"]["end"] < (START + timedelta(seconds=4 * 12 + 1)).isoformat()
    assert await room.told() == 3


async def test_within_the_limits_nothing_rings(room: Room) -> None:
    await room.set(rate(50, 120), status=201)
    await room.record(recording(105, 3))
    assert set(await room.rates()) == {"N"}
    assert await room.all("Flag") == []
    assert await room.told() == 0


async def test_without_limits_nothing_is_said_of_a_rate(room: Room) -> None:
    await room.record(recording(105, 3))
    assert set(await room.rates()) == {"-"}
    assert await room.all("Flag") == []
    assert await room.told() == 0


async def test_a_condition_that_is_switched_off_stops_ringing(room: Room) -> None:
    chunks = recording(105, 6)
    await room.set(rate(50, 100), status=201)
    await room.record(chunks[: 3 * STRIP + 4])
    assert len(await room.all("Flag?status=active")) == 1
    await room.set(rate(50, 100), off("tachycardia"))
    await room.record(chunks[3 * STRIP + 4 :])
    assert await room.all("Flag?status=active") == []
    assert set(await room.rates()) == {"H"}  # a measurement, and no alarm


async def test_another_patients_limits_are_not_this_ones(room: Room) -> None:
    """The device moves on; what the first wearer's limits say ends with them."""
    moved = START + timedelta(seconds=3 * 11.968)
    async with room.database.transaction() as tx:
        await wearing.put_on(tx, room.device.id, "p2", moved)
    await room.set(rate(50, 100), status=201)
    await room.record(recording(105, 6))
    mine = await room.all("Observation?code=8867-4&patient=p1&_sort=date")
    hers = await room.all("Observation?code=8867-4&patient=p2&_sort=date")
    assert [("interpretation" in each) for each in mine] == [True] * 3
    assert [("interpretation" in each) for each in hers] == [False] * len(hers)
    assert len(hers) >= 3
    assert await room.all("Flag?status=active") == []


async def test_late_chunks_are_judged_by_what_was_in_force(room: Room) -> None:
    """A strip told anew is told as before, whatever has been set since."""
    chunks = recording(105, 4)
    await room.set(rate(50, 100), status=201)
    async with room.database.transaction() as tx:
        began = {"since": START - timedelta(days=1)}
        await tx.execute(text("UPDATE patient_limits SET since = :since"), began)
    missing = chunks[4]
    earlier = [chunk for chunk in chunks if chunk is not missing]
    await room.bed.send(room.device, earlier)
    await room.bed.later(31)
    await room.record([])
    before = await room.rates()
    await room.set(rate(50, 120))
    async with room.database.transaction() as tx:
        ended = {"at": START + timedelta(hours=1)}
        await tx.execute(
            text("UPDATE patient_limits SET until = :at WHERE until IS NOT NULL"), ended
        )
        await tx.execute(text("UPDATE patient_limits SET since = :at WHERE until IS NULL"), ended)
    await room.record([missing])
    assert set(before) == {"H"}
    assert set(await room.rates()) == {"H"}
    (first, *_) = await room.all("Observation?code=8867-4&_sort=date")
    assert first["status"] == "amended"
    (flag,) = await room.all("Flag?status=active")
    assert "limit 100" in flag["code"]["text"]
