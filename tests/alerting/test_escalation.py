"""Escalation against a real Postgres: in time, once, and whoever is killed meanwhile."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import text

from core.alerts import AlertKind
from core.errors import Unavailable
from fhir.publishing.alarms import OUTBOX
from fhir.publishing.latency import NOTIFIED, evidence_ended_at
from fhir.values import Json
from hisbundle.alarms import acknowledge
from store import resources
from store.database import Database
from tests.alerting.ward import BASE, HIGH, TACHYCARDIA, WARD, Ward, closed, open_ward, part
from tests.api.support import store
from tests.fhir.samples import BASIS, PATIENT


@pytest.fixture
async def ward(database: Database) -> Ward:
    made = await open_ward(database)
    await made.put_in_force(WARD)
    return made


async def waited(ward: Ward, count: int) -> None:
    """Return once so many messages are out; a worker of its own does it."""
    wake = ward.database.listen(OUTBOX)
    async with asyncio.timeout(20):
        while len(await ward.messages()) < count:
            await wake.wait(0.1)


async def test_the_first_message_is_out_with_the_flag(ward: Ward) -> None:
    before = NOTIFIED.labels("high")._sum.get()
    await ward.find(replace(HIGH, basis=BASIS))
    await ward.publisher().turn()
    (message,) = await ward.rows("SELECT message FROM notification")
    flag = await ward.flag()
    assert message[0] == {
        "alarm": flag["id"],
        "event": "trigger",
        "kind": "tachycardia",
        "priority": "high",
        "display": "Fast heart rate",
        "session": "00000001a1b2c3d4e5f60718293a4b5c",
        "strip_index": 0,
        "opened_at": "2026-03-01T12:00:00.120000+00:00",
        "count": 1,
        "confidence": 0.98765,
        "link": f"{BASE}/Flag/{flag['id']}",
    }
    assert (part(flag, "state"), part(flag, "model")) == ("notified", "context-1a2b3c")
    assert len(await ward.clinic.all("Device")) == 1
    lasted = ward.now - evidence_ended_at(replace(HIGH, basis=BASIS))
    after = NOTIFIED.labels("high")._sum.get()
    assert after - before == pytest.approx(max(lasted.total_seconds(), 0), abs=1e-6)


async def test_who_does_not_answer_is_followed_by_the_next(ward: Ward) -> None:
    await ward.tell(TACHYCARDIA)
    for seconds in (59, 1, 119, 1, 60, 10_000):
        await ward.wait(seconds)
    assert [m[:3] for m in await ward.messages()] == [
        ("trigger", 1, 0), ("trigger", 2, 0), ("trigger", 1, 1), ("trigger", 2, 1),
        ("resolve", 0, 1), ("resolve", 0, 1),
    ]  # fmt: skip
    assert (await ward.states())[-1] == ("inactive", "expired", 1)
    assert [task["status"] for task in await ward.tasks()] == ["failed"]
    assert await ward.rows("SELECT next_at FROM alarm") == [(None,)]


async def test_a_task_says_until_when(ward: Ward) -> None:
    await ward.tell(TACHYCARDIA)

    def deadline(task: Json) -> str:
        return str(task["restriction"]["period"]["end"])

    assert deadline((await ward.tasks())[0]) == "2026-03-01T12:01:02.120Z"
    await ward.wait(60)
    assert deadline((await ward.tasks())[0]) == "2026-03-01T12:03:02.120Z"


async def test_several_workers_fire_each_timer_once(ward: Ward) -> None:
    await ward.tell(TACHYCARDIA)
    ward.now += timedelta(seconds=60)
    crowd = [ward.escalation() for _ in range(6)]
    await asyncio.gather(*(one.turn() for one in crowd))
    assert [m[:3] for m in await ward.messages()] == [("trigger", 1, 0), ("trigger", 2, 0)]
    assert (await ward.events()).count("notified") == 2
    assert len(await ward.states()) == 1


async def test_one_that_is_killed_on_the_way_has_done_nothing(ward: Ward) -> None:
    await ward.tell(TACHYCARDIA)
    ward.now += timedelta(seconds=60)
    async with ward.database.transaction() as tx:
        await resources.lock(tx)  # whoever writes resources waits for us now
        lost = asyncio.create_task(ward.escalation().turn())
        kill = text(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
        async with asyncio.timeout(10):
            killed = False
            while not killed:
                async with ward.database.transaction() as other:
                    killed = bool((await other.execute(kill)).all())
        with pytest.raises(Unavailable):
            await lost
    assert len(await ward.messages()) == 1
    await ward.wait(0)
    assert len(await ward.messages()) == 2


async def test_an_acknowledgement_that_comes_first_stops_the_timer(ward: Ward) -> None:
    """Fails if a worker claims before it holds the clock."""
    await ward.tell(TACHYCARDIA)
    ward.now += timedelta(seconds=60)
    name = (await ward.flag())["id"]
    waits = text(
        "SELECT count(*) FROM pg_stat_activity"
        " WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )
    async with ward.database.transaction() as tx:
        await resources.lock(tx)
        late = asyncio.create_task(ward.escalation().turn())
        async with asyncio.timeout(10):
            waiting = 0
            while not waiting:
                async with ward.database.transaction() as other:
                    waiting = (await other.execute(waits)).scalar_one()
        await acknowledge(tx, name, "Practitioner/7", ward.now, BASE)
    assert await late is False
    assert [m[:2] for m in await ward.messages()] == [("trigger", 1), ("acknowledge", 0)]


async def test_a_clock_that_is_put_back_delays_no_call(ward: Ward) -> None:
    await ward.tell(TACHYCARDIA)
    await ward.wait(-86_400)
    await ward.wait(59)
    assert len(await ward.messages()) == 1
    await ward.wait(1)
    assert [m[:3] for m in await ward.messages()] == [("trigger", 1, 0), ("trigger", 2, 0)]
    assert not await ward.escalation().turn()


async def test_timers_survive_a_restart(ward: Ward) -> None:
    await ward.tell(TACHYCARDIA)
    stop = asyncio.Event()
    first = asyncio.create_task(ward.escalation().run(stop))
    await asyncio.sleep(0.1)
    first.cancel()
    await asyncio.wait([first])
    assert len(await ward.messages()) == 1
    ward.now += timedelta(seconds=61)
    workers = [asyncio.create_task(ward.escalation().run(stop)) for _ in range(2)]
    await waited(ward, 2)
    stop.set()
    await asyncio.gather(*workers)
    assert [m[:3] for m in await ward.messages()] == [("trigger", 1, 0), ("trigger", 2, 0)]


async def test_it_outlives_a_database_that_is_away(ward: Ward) -> None:
    await ward.tell(TACHYCARDIA)
    stop = asyncio.Event()
    worker = asyncio.create_task(ward.escalation().run(stop))
    await asyncio.sleep(0.1)
    async with ward.database.transaction() as tx:
        await tx.execute(
            text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        )
    ward.now += timedelta(seconds=61)
    await waited(ward, 2)
    stop.set()
    await worker


async def test_an_alarm_that_cannot_be_read_stops_no_other(ward: Ward) -> None:
    off = replace(TACHYCARDIA, kind=AlertKind.LEAD_OFF, evidence="leads off")
    await ward.tell(TACHYCARDIA, off)
    await ward.clinic.execute("UPDATE alarm SET policy = '{}' WHERE kind = 'tachycardia'")
    ward.now += timedelta(seconds=60)
    assert await ward.escalation().turn()
    assert [m[:2] for m in await ward.messages()] == [
        ("trigger", 1), ("trigger", 1), ("trigger", 2)
    ]  # fmt: skip
    assert await ward.escalation().turn() is False


async def test_the_policy_of_its_opening_stays_with_an_alarm(ward: Ward) -> None:
    await ward.tell(TACHYCARDIA)
    await ward.put_in_force()
    await ward.wait(60)
    assert len(await ward.messages()) == 2


async def test_a_care_teams_patients_have_its_policy(ward: Ward) -> None:
    for name, status in (("team1", "inactive"), ("team3", "active")):
        await store(
            ward.database,
            {
                "resourceType": "CareTeam",
                "id": name,
                "status": status,
                "subject": {"reference": f"Patient/{PATIENT}"},
            },
        )
    own = [replace(WARD, name=name, care_team=name) for name in ("team1", "team2", "team3")]
    await ward.put_in_force(*own, WARD)
    await ward.tell(closed(TACHYCARDIA))
    assert part(await ward.flag(), "escalation") == "team3"
    (task,) = await ward.tasks()
    assert task["owner"] == {"reference": "CareTeam/team3"}
