"""Patients whose recordings were stored, analysed and published by the service's own code."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from analysis.classifier import load_classifier
from analysis.work.worker import AnalysisWorker
from benchmarks.bed import Bed
from benchmarks.recorder import Recorder, signal_bodies
from core.ecg import CHUNKS_PER_STRIP
from fhir.publishing.publisher import Publisher
from store import chunks, wearing
from store.chunks import NewChunk

STARTED = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
STARTED_US = round(STARTED.timestamp() * 1e6)
LOOKED_AHEAD = 8
"""Chunks after the last strip, so that it is read for good."""


@dataclass(frozen=True, slots=True)
class Clinic:
    """``patients`` are FHIR ids; the times are of the whole backlog, in seconds."""

    patients: list[str]
    strips: int
    chunks: int
    analysed_s: float
    published_s: float


async def fill(bed: Bed, patients: int, strips_each: int) -> Clinic:
    """Record, analyse, publish; the last two are timed."""
    recorders, stored = await bed.enrol(patients), 0
    for number, recorder in enumerate(recorders):
        async with bed.database.transaction() as tx:
            await wearing.put_on(tx, recorder.id, patient_id(number), STARTED)
        bodies = signal_bodies(strips_each * CHUNKS_PER_STRIP + LOOKED_AHEAD, STARTED_US, number)
        await _store(bed, recorder, recorder.seal(bodies))
        stored += len(bodies)
    worker = AnalysisWorker(bed.database, bed.parts.keys, load_classifier())
    publisher = Publisher(bed.database, report_interval_s=bed.parts.settings.report_interval_s)
    analysed_s = await _until_idle(worker)
    published_s = await _until_idle(publisher)
    names = [patient_id(number) for number in range(patients)]
    return Clinic(names, patients * strips_each, stored, analysed_s, published_s)


def patient_id(number: int) -> str:
    """FHIR id of a patient."""
    return f"patient-{number}"


async def _store(bed: Bed, recorder: Recorder, frames: Sequence[bytes]) -> None:
    batch = [
        NewChunk(recorder.id, recorder.epoch, recorder.session_id, seq, frame)
        for seq, frame in enumerate(frames)
    ]
    for start in range(0, len(batch), 1000):
        async with bed.database.transaction() as tx:
            await chunks.append(tx, batch[start : start + 1000])


async def _until_idle(one: AnalysisWorker | Publisher) -> float:
    began = time.perf_counter()
    while await one.turn():
        pass
    return time.perf_counter() - began
