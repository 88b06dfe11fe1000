"""Whatever comes twice, at once, backwards or flapping leaves one alarm with its history."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from core.alerts import AlertKind
from store import alerts
from store.database import Database
from tests.alerting.ward import (
    HIGH,
    TACHYCARDIA,
    WARD,
    Ward,
    closed,
    later,
    open_ward,
    part,
    withdrawn,
)
from tests.fhir.samples import STARTED_AT


@pytest.fixture
async def ward(database: Database) -> Ward:
    made = await open_ward(database)
    await made.put_in_force(WARD)
    return made


async def test_a_duplicate_finding_changes_nothing(ward: Ward) -> None:
    for _ in range(3):
        await ward.tell(TACHYCARDIA)
        await ward.clinic.execute("UPDATE alert SET published = false")
    await ward.tell()
    assert await ward.states() == [("active", "notified", 1)]
    assert len(await ward.messages()) == 1
    assert await ward.events() == ["opened", "notified"]


async def test_two_sessions_of_a_patient_count_on_one(ward: Ward) -> None:
    other = await ward.second_session()
    await ward.tell(TACHYCARDIA)
    await ward.tell(later(TACHYCARDIA, 5, 3), session=other.row)
    assert await ward.states() == [("active", "notified", 1), ("active", "notified", 2)]
    await ward.tell(closed(TACHYCARDIA))
    assert (await ward.flag())["status"] == "active"
    await ward.tell(closed(later(TACHYCARDIA, 5, 3)), session=other.row)
    assert (await ward.flag())["status"] == "inactive"
    assert len(await ward.messages()) == 1


async def test_publishers_at_once_make_one(ward: Ward) -> None:
    """Fails if who folds does not hold back the others first."""
    sessions = [ward.clinic.row, (await ward.second_session()).row]
    for strip in range(10):
        for row in sessions:
            await ward.find(later(TACHYCARDIA, strip * 12, strip), session=row)
    crowd = [ward.publisher() for _ in range(4)]
    while any(await asyncio.gather(*(one.turn() for one in crowd))):
        pass
    assert part(await ward.flag(), "count") == 20
    assert len(await ward.messages()) == 1
    assert await ward.rows("SELECT count(*), count(DISTINCT alarm) FROM alert") == [(20, 1)]


async def test_alerts_claimed_one_by_one_by_two_publishers_make_one(ward: Ward) -> None:
    """One publisher holds the first alert, while another publishes the second."""
    other = await ward.second_session()
    await ward.find(TACHYCARDIA)
    async with ward.database.transaction() as tx:
        held = await alerts.unpublished(tx, 1)
        assert len(held) == 1
        await ward.find(later(TACHYCARDIA, 3, 1), session=other.row)
        await ward.publisher().turn()
        assert part(await ward.flag(), "count") == 1
    await ward.tell()
    assert part(await ward.flag(), "count") == 2


async def test_a_clock_that_jumps_back_leaves_one(ward: Ward) -> None:
    await ward.tell(TACHYCARDIA)
    await ward.tell(closed(TACHYCARDIA), later(TACHYCARDIA, -86_400, 9))
    flag = await ward.flag()
    assert (part(flag, "count"), flag["status"]) == (2, "active")
    assert flag["period"] == {"start": "2026-02-28T12:00:00.120Z"}
    await ward.tell(closed(later(TACHYCARDIA, -86_400, 9)))
    flag = await ward.flag()
    assert flag["period"]["end"] == "2026-03-01T12:00:12.120Z"
    # The same strip, told anew with the clock set right.
    await ward.tell(replace(TACHYCARDIA, opened_at=later(TACHYCARDIA, -60, 0).opened_at))
    assert part(await ward.flag(), "count") == 2
    assert len(await ward.messages()) == 1


async def test_a_device_that_flaps_rings_once(ward: Ward) -> None:
    off = replace(TACHYCARDIA, kind=AlertKind.LEAD_OFF, evidence="leads off")
    for number in range(6):
        one = later(off, number * 24, 2 * number)
        await ward.tell(one)
        await ward.wait(12)
        await ward.tell(closed(one))
        await ward.wait(12)
    states = await ward.states()
    assert [state[0] for state in states] == ["active", "inactive"] * 6
    assert states[-1] == ("inactive", "resolved", 6)
    assert [m[:2] for m in await ward.messages()] == [("trigger", 1), ("trigger", 2)]
    await ward.wait(300)
    assert [m[0] for m in await ward.messages()] == ["trigger", "trigger", "resolve", "resolve"]
    (task,) = await ward.tasks()
    assert task["status"] == "cancelled"
    events = await ward.events()
    assert (events.count("passed"), events.count("returned")) == (6, 5)
    assert await ward.rows("SELECT count(*) FROM alarm") == [(1,)]


async def test_after_the_quiet_period_it_is_another(ward: Ward) -> None:
    await ward.tell(closed(TACHYCARDIA))
    await ward.wait(301)
    await ward.tell(later(TACHYCARDIA, 310, 30))
    flags = await ward.clinic.all("Flag")
    assert [flag["status"] for flag in flags] == ["inactive", "active"]
    assert [m[0] for m in await ward.messages()] == ["trigger", "resolve", "trigger"]


async def test_one_that_escalation_has_not_settled_yet_is_settled_first(ward: Ward) -> None:
    await ward.tell(closed(TACHYCARDIA))
    ward.now += timedelta(seconds=301)
    await ward.tell(later(TACHYCARDIA, 310, 30))
    assert [m[0] for m in await ward.messages()] == ["trigger", "resolve", "trigger"]
    assert len(await ward.clinic.all("Flag")) == 2


async def test_what_late_chunks_disprove_counts_no_more(ward: Ward) -> None:
    second = later(TACHYCARDIA, 5, 3)
    await ward.tell(closed(TACHYCARDIA), second)
    await ward.tell(withdrawn(second))
    assert await ward.states() == [("active", "notified", 2), ("inactive", "resolved", 1)]
    await ward.tell(withdrawn(TACHYCARDIA))
    assert (await ward.states())[-1] == ("entered-in-error", "withdrawn", 0)
    await ward.wait(0)
    assert [m[0] for m in await ward.messages()] == ["trigger", "resolve"]
    assert [task["status"] for task in await ward.tasks()] == ["cancelled"]
    await ward.tell(TACHYCARDIA)
    assert (await ward.states())[-1] == ("active", "notified", 1)
    assert [m[0] for m in await ward.messages()] == ["trigger", "resolve", "trigger"]


async def test_what_was_withdrawn_before_it_was_told_is_not_told(ward: Ward) -> None:
    await ward.tell(withdrawn(TACHYCARDIA))
    assert await ward.clinic.all("Flag") == []
    assert await ward.rows("SELECT count(*) FROM alarm") == [(0,)]


async def test_an_alert_that_is_found_again_after_its_alarm_joins_the_living_one(
    ward: Ward,
) -> None:
    await ward.tell(closed(TACHYCARDIA))
    await ward.wait(301)
    await ward.tell(later(TACHYCARDIA, 310, 30))
    await ward.tell(TACHYCARDIA)  # late chunks: it was not over
    old, new = await ward.clinic.all("Flag")
    assert sorted([old["status"], new["status"]]) == ["active", "inactive"]
    (living,) = [f for f in (old, new) if f["status"] == "active"]
    assert part(living, "count") == 2


async def test_a_graver_condition_calls_anew(ward: Ward) -> None:
    await ward.put_in_force(replace(WARD, priorities=frozenset({HIGH.priority})))
    await ward.tell(TACHYCARDIA)
    assert await ward.messages() == []
    await ward.tell(replace(later(HIGH, 5, 3)))
    flag = await ward.flag()
    assert flag["extension"][1]["valueCodeableConcept"]["coding"][0]["code"] == "PH"
    assert len(await ward.messages()) == 1
    assert part(flag, "escalation") == "ward 3"


async def test_nobodys_alert_is_no_alarm(ward: Ward) -> None:
    await ward.clinic.execute("UPDATE wearing SET until = :at", at=STARTED_AT)
    await ward.tell(later(TACHYCARDIA, 60, 5))
    assert await ward.rows("SELECT count(*) FROM alarm") == [(0,)]


async def test_an_alarm_that_cannot_be_read_stops_no_other(ward: Ward) -> None:
    await ward.tell(TACHYCARDIA)
    await ward.clinic.execute("UPDATE alarm SET policy = '{}'")
    off = replace(TACHYCARDIA, kind=AlertKind.LEAD_OFF, evidence="leads off")
    await ward.find(closed(TACHYCARDIA), off)
    assert await ward.publisher().turn()
    assert {flag["code"]["text"] for flag in await ward.clinic.all("Flag")} == {
        "Fast heart rate: heart rate 141/min",
        "ECG electrode off: leads off",
    }
    assert await ward.publisher().turn() is False
    good = "UPDATE alarm SET policy = (SELECT body FROM escalation_policy) WHERE policy = '{}'"
    await ward.clinic.execute(good)
    await ward.tell()
    assert {flag["status"] for flag in await ward.clinic.all("Flag")} == {"active", "inactive"}
