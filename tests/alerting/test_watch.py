"""The technical watch at a clock of ours: opened once, by any number of watchers, and closed."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

from alerting.technical import WatchLimits, conditions
from alerting.watch import Watch
from core.alerts import Alert, AlertKind
from core.local_vault import LocalVault
from store import alerts, chunks, sessions
from store.database import Database
from store.technical import Watched
from tests.devices import Device, enrol_directly

NOW = datetime(2026, 1, 1, tzinfo=UTC)
FINE = Watched(1, 3, NOW, NOW, False, 0, NOW, NOW, NOW, True, None)


def holds(seen: Watched, after_s: float) -> set[AlertKind]:
    return set(conditions(seen, WatchLimits(), NOW + timedelta(seconds=after_s)))


def test_what_holds_follows_from_what_is_known() -> None:
    assert holds(FINE, 10) == set()
    assert holds(FINE, 31) == {AlertKind.DEVICE_SILENT}
    unset = Watched(1, 3, NOW, NOW, False, 0, NOW, NOW, NOW, False, "no answer")
    assert holds(unset, 10) == {AlertKind.MODEL_UNAVAILABLE}
    assert AlertKind.CLOCK_UNSET in holds(unset, 61)
    late = Watched(1, 3, NOW, NOW, False, 0, NOW, NOW - timedelta(hours=1), NOW, True, None)
    assert holds(late, 1) == {AlertKind.BACKLOG_LATE}
    assert holds(Watched(1, 3, NOW, NOW, False, 9, NOW, None, None, None, None), 90) == {
        AlertKind.BACKLOG_LATE,
        AlertKind.DEVICE_SILENT,
    }
    assert holds(Watched(1, 3, NOW, NOW, True, 0, NOW, NOW, NOW, False, "x"), 999) == set()


async def test_silence_rings_once_and_is_over_when_data_come(
    database: Database, tmp_path: Path
) -> None:
    device = await enrol_directly(database, LocalVault(tmp_path / "master.key"), Device())
    async with database.transaction() as tx:
        await chunks.append(tx, [device.new_chunk(0)])
        await sessions.adopt(tx)
    row = (await _claimed(database)).session.row
    moment = [datetime.now(UTC) + timedelta(seconds=40)]
    watchers = [Watch(database, now=lambda: moment[0]) for _ in range(3)]
    await asyncio.gather(*(watcher.turn() for watcher in watchers))
    await watchers[0].turn()
    told = [a for a in await _told(database, row) if a.kind is AlertKind.DEVICE_SILENT]
    assert [a.closed_at for a in told] == [None]
    moment[0] = datetime.now(UTC)
    async with database.transaction() as tx:
        await chunks.append(tx, [device.new_chunk(1)])
    await watchers[1].turn()
    assert all(a.closed_at is not None for a in await _told(database, row))
    moment[0] += timedelta(seconds=60)
    await watchers[2].turn()
    silent = [a for a in await _told(database, row) if a.kind is AlertKind.DEVICE_SILENT]
    assert [a.strip_index for a in silent] == [0, 1]


async def _claimed(database: Database) -> sessions.Claim:
    async with database.transaction() as tx:
        (claim,) = await sessions.claim(tx, 1, 300.0)
        return claim


async def _told(database: Database, row: int) -> list[Alert]:
    async with database.transaction() as tx:
        return await alerts.for_session(tx, row)
