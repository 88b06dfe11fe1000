"""A worker whose configured engine is away for a while."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from core.errors import Unavailable
from core.local_vault import LocalVault
from simulator.rhythm import Rhythm
from store.database import Database
from tests.analysis.bed import Bed
from tests.analysis.chunks import LengthClassifier, Run, chunks_of, rhythm_mv

CHUNKS = chunks_of(rhythm_mv(Rhythm.SINUS, 90))[:56]


class Far(LengthClassifier):
    """An engine elsewhere, which may be away."""

    model_id = "far"
    threshold = 0.9

    def __init__(self) -> None:
        self.away = True

    def predict(self, beats: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        if self.away:
            raise Unavailable("timed out")
        return super().predict(beats)


@pytest.fixture
def bed(database: Database, tmp_path: Path) -> Bed:
    return Bed(database, LocalVault(tmp_path / "master.key"))


async def test_each_finding_tells_who_answered_and_why(bed: Bed) -> None:
    far = Far()
    worker = bed.worker(classifier=far, reserve=LengthClassifier())
    device = await bed.device()
    row = await bed.send(device, CHUNKS[:28])
    await bed.analyse(worker)
    far.away = False
    await bed.send(device, CHUNKS[28:])
    await bed.analyse(worker)

    found = [finding for finding in await bed.findings(row) if finding.beats]
    told = [(finding.model_id, finding.abnormal_from, finding.fallback) for finding in found]
    first = told.index(("far", 0.9, None))
    assert first > 0
    assert set(told[:first]) == {("test", 0.5, "timed out")}
    assert set(told[first:]) == {("far", 0.9, None)}
    plain = [
        replace(finding, model_id="test", abnormal_from=0.5, fallback=None) for finding in found
    ]
    assert plain == [strip for strip in Run().push(CHUNKS).strips if strip.beats]


async def test_without_a_reserve_nothing_is_lost(bed: Bed) -> None:
    far = Far()
    worker = bed.worker(classifier=far)
    row = await bed.send(await bed.device(), CHUNKS)
    with pytest.raises(Unavailable):
        await bed.analyse(worker)
    assert await bed.findings(row) == []
    far.away = False
    await bed.analyse(worker)
    assert len(await bed.findings(row)) == len(Run().push(CHUNKS).strips)
