"""A worker whose beats go to the endpoint, while it serves and while it does not."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from analysis.beats import BEAT_VALUES
from analysis.classifier import load_classifier
from analysis.remote.sagemaker import SageMakerClassifier
from core.ecg import StripFinding
from core.local_vault import LocalVault
from simulator.rhythm import Rhythm
from store.database import Database
from tests.analysis.bed import Bed
from tests.analysis.chunks import chunks_of, rhythm_mv
from tests.analysis.remote.conftest import CARD, LIMITS
from tests.analysis.remote.endpoint import NAME, Endpoint, Fault

CHUNKS = chunks_of(rhythm_mv(Rhythm.SINUS, 110))[:64]
LOCAL = load_classifier()
COLUMNS = LOCAL.predict(np.empty((0, BEAT_VALUES), dtype=np.float32)).shape[1:]


def told(findings: list[StripFinding]) -> list[tuple[str, str | None]]:
    return [(each.model_id, each.fallback) for each in findings if each.beats]


async def test_findings_are_the_same_and_tell_who_answered(
    database: Database, tmp_path: Path, client: Any, endpoint: Endpoint
) -> None:
    bed = Bed(database, LocalVault(tmp_path / "master.key"))
    engine = SageMakerClassifier(client, NAME, CARD, COLUMNS, LIMITS)
    worker = bed.worker(classifier=engine, reserve=LOCAL)
    alone = await bed.send(await bed.device(), CHUNKS)
    await bed.analyse(bed.worker(classifier=LOCAL))

    device = await bed.device()
    row = await bed.send(device, CHUNKS[:28])
    await bed.analyse(worker)
    endpoint.always = Fault.THROTTLED
    await bed.send(device, CHUNKS[28:42])
    await bed.analyse(worker)
    endpoint.heal()
    await bed.send(device, CHUNKS[42:])
    await bed.analyse(worker)

    found, expected = await bed.findings(row), await bed.findings(alone)
    far, near = (f"{LOCAL.model_id}@sagemaker", None), (LOCAL.model_id, "SageMaker: throttled")
    signed = told(found)
    assert [each for i, each in enumerate(signed) if each != signed[i - 1]] == [near, far]
    assert signed[0] == signed[-1] == far
    for mine, its in zip(found, expected, strict=True):
        for beat, same in zip(mine.beats, its.beats, strict=True):
            assert beat.sample_index == same.sample_index
            assert beat.abnormal_probability == pytest.approx(same.abnormal_probability, abs=2e-6)
