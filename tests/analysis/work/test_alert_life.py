"""What becomes of alerts when their session ends, goes on after all, or is completed."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from core.alerts import AlertKind
from core.chunk import ChunkFlag
from core.local_vault import LocalVault
from simulator.rhythm import Rhythm
from store.alerts import WITHDRAWN
from store.database import Database
from tests.analysis.bed import Bed
from tests.analysis.chunks import T0_US, Run, chunks_of, rhythm_mv

FAST = chunks_of(rhythm_mv(Rhythm.TACHYCARDIA, 90))[:56]
REMARK = "; not over when the session ended"


@pytest.fixture
def bed(database: Database, tmp_path: Path) -> Bed:
    return Bed(database, LocalVault(tmp_path / "master.key"))


async def end(bed: Bed) -> None:
    await bed.later(1000)
    await bed.analyse()


async def test_no_alert_outlives_its_session(bed: Bed) -> None:
    row = await bed.send(await bed.device(), FAST)
    await bed.analyse()
    (open_,) = await bed.alerts(row)
    assert (open_.kind, open_.closed_at) == (AlertKind.TACHYCARDIA, None)
    await bed.publish()
    await end(bed)
    (closed,) = await bed.alerts(row)
    last_s = 56 * 187 / 125
    ended_at = datetime.fromtimestamp(T0_US / 1e6, UTC) + timedelta(seconds=last_s)
    assert closed == replace(open_, closed_at=ended_at, evidence=open_.evidence + REMARK)


async def test_a_session_that_ends_with_leads_off_ends_its_alert(bed: Bed) -> None:
    off = [(s, replace(c, flags=ChunkFlag.LEAD_OFF_PLUS) if s >= 16 else c) for s, c in FAST[:32]]
    row = await bed.send(await bed.device(), off)
    await end(bed)
    (alert,) = [a for a in await bed.alerts(row) if a.kind is AlertKind.LEAD_OFF]
    assert alert.closed_at is not None
    assert alert.closed_at - alert.opened_at == timedelta(seconds=16 * 187 / 125)


async def test_an_alert_goes_on_with_its_session(bed: Bed) -> None:
    device = await bed.device()
    row = await bed.send(device, FAST[:40])
    await end(bed)
    await bed.send(device, FAST[40:48])
    await bed.analyse()
    expected = Run().push(FAST[:48]).alerts
    assert {(a.kind, a.strip_index): a for a in await bed.alerts(row)} == expected
    await end(bed)
    assert [a.evidence.count(REMARK) for a in await bed.alerts(row)] == [1]
    assert [a.closed_at is None for a in await bed.alerts(row)] == [False]


async def test_an_alert_that_late_chunks_disprove_is_withdrawn(bed: Bed) -> None:
    fast = chunks_of(rhythm_mv(Rhythm.TACHYCARDIA, 60))[:40]
    device = await bed.device()
    row = await bed.send(device, fast[:13] + fast[16:])
    await bed.later(31)
    await bed.analyse()
    before = await bed.alerts(row)
    assert [a.kind for a in before] == [AlertKind.TACHYCARDIA]
    noise = np.random.default_rng(3).integers(-3000, 3000, (3, 187)).astype(np.int16)
    late = zip(fast[13:16], noise, strict=True)  # strip 1 turns out to be unreadable
    await bed.send(device, [(seq, replace(c, samples=samples)) for (seq, c), samples in late])
    await bed.analyse()
    after = await bed.alerts(row)
    assert {(a.strip_index, a.evidence == WITHDRAWN) for a in after} == {(1, True), (2, False)}
    assert [a.closed_at == a.opened_at for a in after] == [True, False]
