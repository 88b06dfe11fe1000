"""Findings and alerts at rest: exact, written again when they change, published once."""

import dataclasses
from datetime import UTC, datetime, timedelta

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from core.alerts import Alert, AlertKind
from core.ecg import (
    Beat,
    BeatClass,
    Hrv,
    Intervals,
    Quality,
    Rate,
    RefusalReason,
    RhythmKind,
    RhythmSpan,
    Spectrum,
    StripFinding,
)
from store import alerts, chunks, findings, wearing
from store.alerts import WITHDRAWN
from store.database import Database
from tests.devices import Device

BEGAN = datetime(2026, 5, 1, 12, 0, 0, 123456, tzinfo=UTC)
FINDING = StripFinding(
    strip_index=3,
    first_sample=4488,
    n_samples=1496,
    n_missing=187,
    started_at=BEGAN,
    clock_synced=True,
    rate_hz=125.0,
    quality=Quality(0.912345, True, (RefusalReason.GAP,)),
    rate=Rate(72.1, 832.0, 800.0, 864.0, 12.5, 0.1 + 0.2),
    spectrum=Spectrum(1.25, 1e-7, 5e-324, 1.7976931348623157e308),
    beats=(Beat(4500, 0.25), Beat(4600, None)),
    model_id="net-1",
    pipeline_version="1+abc",
)

floats = st.floats(0, allow_infinity=False)
FINDINGS = st.builds(
    StripFinding,
    strip_index=st.integers(0, 2**50),
    first_sample=st.integers(0, 2**62),
    n_samples=st.integers(1, 1496),
    n_missing=st.integers(0, 1496),
    started_at=st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)),
    clock_synced=st.booleans(),
    rate_hz=st.floats(100, 1000),
    quality=st.builds(
        Quality,
        floats,
        st.booleans(),
        st.lists(st.sampled_from(RefusalReason)).map(tuple),
        st.lists(floats, max_size=3).map(tuple),
    ),
    rate=st.none() | st.builds(Rate, *[floats] * 6),
    spectrum=st.none() | st.builds(Spectrum, *[floats] * 4),
    beats=st.lists(
        st.builds(
            Beat,
            st.integers(0, 2**62),
            st.none() | st.floats(0, 1),
            st.none() | st.sampled_from(BeatClass),
        )
    ).map(tuple),
    rhythm=st.lists(
        st.builds(
            RhythmSpan,
            kind=st.sampled_from(RhythmKind),
            first_sample=st.integers(0, 2**62),
            stop_sample=st.integers(0, 2**62),
            beats=st.integers(0, 2**31),
            rate_per_min=st.none() | floats,
            verified=st.booleans(),
        ),
        max_size=3,
    ).map(tuple),
    intervals=st.none()
    | st.builds(Intervals, *[st.none() | floats] * 3, method=st.text(max_size=5)),
    fallback=st.none() | st.text(max_size=5),
    hrv=st.none() | st.builds(Hrv, st.integers(0, 2**31), *[floats] * 4, *[st.none() | floats] * 3),
    model_id=st.text(max_size=5),
    pipeline_version=st.just("1"),
    abnormal_from=st.floats(0, 1),
)


@pytest.fixture
async def session(database: Database, device: Device) -> int:
    async with database.transaction() as tx:
        await chunks.append(tx, [device.new_chunk(0)])
        row: int = (await tx.execute(text("SELECT id FROM monitoring_session"))).scalar_one()
    return row


async def stored(database: Database, session: int) -> list[StripFinding]:
    async with database.transaction() as tx:
        return await findings.for_session(tx, session)


async def write(database: Database, session: int, *found: StripFinding) -> None:
    async with database.transaction() as tx:
        await findings.upsert(tx, [(session, finding) for finding in found])


@given(FINDINGS)
def test_json_gives_back_every_digit(finding: StripFinding) -> None:
    assert findings.decode(orjson.dumps(finding).decode()) == finding


def test_what_was_written_before_there_were_classes_and_rhythms() -> None:
    old = orjson.loads(orjson.dumps(FINDING))
    for name in ("rhythm", "intervals", "fallback", "hrv"):
        del old[name]
    del old["quality"]["seconds"]
    for beat in old["beats"]:
        del beat["beat_class"]
    assert findings.decode(orjson.dumps(old).decode()) == FINDING


async def test_the_database_gives_back_every_digit(database: Database, session: int) -> None:
    numbers = [0.1 + 0.2, 1e22, 1e-22, 5e-324, 1.7976931348623157e308, 2 / 3, 1e16 + 2, 0.0]
    found = [
        dataclasses.replace(FINDING, strip_index=i, spectrum=Spectrum(x, x, x, x), rate=None)
        for i, x in enumerate(numbers)
    ]
    await write(database, session, FINDING, *found[:3], *found[4:])
    assert await stored(database, session) == [*found[:3], FINDING, *found[4:]]


async def test_only_a_change_is_published_again(database: Database, session: int) -> None:
    await write(database, session, FINDING)
    await write(database, session, FINDING)
    assert await publish(database) == [(3, False)]
    await write(database, session, FINDING)
    assert await publish(database) == []
    changed = dataclasses.replace(FINDING, n_missing=0)
    await write(database, session, changed)
    assert await publish(database) == [(3, True)]
    assert await stored(database, session) == [changed]


async def publish(database: Database) -> list[tuple[int, bool]]:
    async with database.transaction() as tx:
        claimed = await findings.unpublished(tx, 10)
        done = [(c.session.row, c.finding.strip_index) for c in claimed]
        await findings.mark_published(tx, done)
    return [(c.finding.strip_index, c.amended) for c in claimed]


async def test_two_publishers_never_hold_the_same_finding(database: Database, session: int) -> None:
    await write(database, session, *(dataclasses.replace(FINDING, strip_index=i) for i in range(5)))
    async with database.transaction() as one, database.transaction() as other:
        first = await findings.unpublished(one, 2)
        second = await findings.unpublished(other, 10)
    strips = [c.finding.strip_index for c in (*first, *second)]
    assert strips == [0, 1, 2, 3, 4]


async def test_a_finding_is_of_whoever_wore_the_device_then(
    database: Database, session: int, device: Device
) -> None:
    ten_s = timedelta(seconds=10)
    async with database.transaction() as tx:
        await wearing.put_on(tx, device.id, "anna", BEGAN + ten_s)
        await wearing.put_on(tx, device.id, "bert", BEGAN + 10 * ten_s)
        await wearing.take_off(tx, device.id, BEGAN + 20 * ten_s)
    at = [1, 5, 10, 30]  # as the first is put on, and in between, and at the change, and after
    found = [
        dataclasses.replace(FINDING, strip_index=i, started_at=BEGAN + k * ten_s)
        for i, k in enumerate(at)
    ]
    await write(database, session, *found)
    async with database.transaction() as tx:
        await alerts.upsert(tx, [(session, ALERT)])
        (alert,) = await alerts.unpublished(tx, 10)
        claimed = await findings.unpublished(tx, 10)
    assert [c.patient_id for c in claimed] == ["anna", "anna", "bert", None]
    assert claimed[0].session.device_id == device.id
    assert claimed[0].session.session_id == device.session_id
    assert alert.patient_id == "anna"


ALERT = Alert(AlertKind.TACHYCARDIA, BEGAN + timedelta(seconds=15), None, 4, "140/min")
CLOSED = dataclasses.replace(ALERT, closed_at=BEGAN + timedelta(seconds=40))


async def test_alerts_close_under_their_key_and_are_published_again(
    database: Database, session: int
) -> None:
    for version in (ALERT, ALERT, CLOSED, CLOSED):
        async with database.transaction() as tx:
            await alerts.upsert(tx, [(session, version)])
            claimed = await alerts.unpublished(tx, 10)
            assert [c.alert for c in claimed] in ([version], [])
            key = (session, version.kind, version.strip_index)
            await alerts.mark_published(tx, [key] if claimed else [])
    async with database.transaction() as tx:
        assert await alerts.unpublished(tx, 10) == []
        assert await alerts.for_session(tx, session) == [CLOSED]


async def test_going_back_reopens_and_withdraws(database: Database, session: int) -> None:
    later = dataclasses.replace(ALERT, kind=AlertKind.LEAD_OFF, strip_index=9)
    async with database.transaction() as tx:
        await alerts.upsert(tx, [(session, CLOSED), (session, later)])
        await alerts.rewind(tx, session, 5, [ALERT])
        reopened, withdrawn = await alerts.for_session(tx, session)
    assert reopened == ALERT
    assert withdrawn == dataclasses.replace(later, closed_at=later.opened_at, evidence=WITHDRAWN)
