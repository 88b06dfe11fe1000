"""Workers that keep their pipelines, at a real Postgres: what is stored decides."""

import random
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from sqlalchemy import text
from structlog.testing import capture_logs

from analysis.session.pipeline import SessionPipeline
from analysis.work.worker import Pace
from core.local_vault import LocalVault
from simulator.rhythm import Rhythm
from store.database import Database
from tests.analysis.bed import Bed
from tests.analysis.chunks import LengthClassifier, Run, chunks_of, rhythm_mv

CHUNKS = chunks_of(rhythm_mv(Rhythm.BIGEMINY, 90))[:48]
WHOLE = Run().push(CHUNKS)
PACE = Pace(linger_s=0.0, gap_wait_s=0.001)
# Deferred, so that it is the commit that fails.
REFUSE = (
    "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql"
    " AS $$ BEGIN RAISE EXCEPTION 'not now'; END $$",
    "CREATE CONSTRAINT TRIGGER refuse AFTER UPDATE ON analysis_cursor"
    " DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION refuse()",
)


@pytest.fixture(autouse=True)
def logged(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr("analysis.work.postponed.BACKOFF_S", 0.0)
    with capture_logs():
        yield


@pytest.fixture
def bed(database: Database, tmp_path: Path) -> Bed:
    return Bed(database, LocalVault(tmp_path / "master.key"))


async def run(bed: Bed, *statements: str) -> None:
    async with bed.database.transaction() as tx:
        for statement in statements:
            await tx.execute(text(statement))


def refused(*_: object) -> SessionPipeline:
    raise AssertionError("nothing had to be loaded")


async def test_a_worker_loads_nothing_that_it_has_stored_itself(
    bed: Bed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("analysis.work.turn.load", refused)
    device, worker = await bed.device(), bed.worker(PACE)
    for first in range(0, len(CHUNKS), 4):
        row = await bed.send(device, CHUNKS[first : first + 4])
        await bed.analyse(worker)
    assert await bed.findings(row) == WHOLE.strips


@pytest.mark.parametrize("seed", [1, 2])
async def test_workers_that_take_turns_go_on_from_each_other(bed: Bed, seed: int) -> None:
    chance, device = random.Random(seed), await bed.device()
    workers, first = [bed.worker(PACE) for _ in range(3)], 0
    while first < len(CHUNKS):
        stop = first + chance.randint(1, 5)
        row = await bed.send(device, CHUNKS[first:stop])
        await bed.analyse(chance.choice(workers))
        first = stop
    assert await bed.findings(row) == WHOLE.strips
    told = {(alert.kind, alert.strip_index): alert for alert in await bed.alerts(row)}
    assert told == WHOLE.alerts


async def test_what_was_not_committed_is_forgotten(bed: Bed) -> None:
    device, worker = await bed.device(), bed.worker(PACE)
    row = await bed.send(device, CHUNKS[:20])
    await bed.analyse(worker)
    await run(bed, *REFUSE)
    await bed.send(device, CHUNKS[20:30])
    await worker.turn()
    assert await bed.value("SELECT next_seq FROM analysis_cursor WHERE session = :row", row) == 20
    await run(bed, "DROP TRIGGER refuse ON analysis_cursor")
    await bed.send(device, CHUNKS[30:])
    await bed.analyse(worker)
    assert await bed.findings(row) == WHOLE.strips


async def test_late_chunks_lead_back_to_what_was_stored(bed: Bed) -> None:
    device, worker = await bed.device(), bed.worker(PACE)
    await bed.send(device, CHUNKS[:20])
    await bed.analyse(worker)
    row = await bed.send(device, CHUNKS[21:])
    await bed.later(31)
    await bed.analyse(worker)
    assert await bed.findings(row) != WHOLE.strips
    await bed.send(device, CHUNKS[20:21])
    await bed.analyse(worker)
    assert await bed.findings(row) == WHOLE.strips


async def test_a_classifier_that_fails_leaves_nothing_half_done(bed: Bed) -> None:
    class Moody(LengthClassifier):
        fails = False

        def predict(self, beats: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
            if self.fails:
                raise RuntimeError("not today")
            return super().predict(beats)

    device, moody = await bed.device(), Moody()
    worker = bed.worker(PACE, moody)
    row = await bed.send(device, CHUNKS[:20])
    await bed.analyse(worker)
    moody.fails = True
    await bed.send(device, CHUNKS[20:])
    await worker.turn()
    moody.fails = False
    await bed.analyse(worker)
    assert await bed.findings(row) == WHOLE.strips
