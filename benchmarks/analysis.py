"""The pure analysis of a signal beside the band-pass filter alone; no database."""

from collections.abc import Sequence
from datetime import UTC, datetime

import numpy as np
from scipy import signal

from analysis.classifier import Classifier, load_classifier
from analysis.session.pipeline import SessionPipeline
from analysis.session.verdicts import Model
from analysis.signal.filters import HIGH_HZ, LOW_HZ, ORDER
from analysis.signal.rpeaks import RPeakDetector
from analysis.work.remembered import Remembered
from analysis.work.turn import Done, Work, analyse
from benchmarks.recorder import CHUNK_S, RATE_HZ, Recorder, signal_bodies
from benchmarks.report import Row
from benchmarks.rounds import Contender, Size, Speed, compare, computing
from core.chunk import ChunkBody
from core.ecg import CHUNKS_PER_STRIP, SessionKey
from store.chunks import StoredChunk

NAME = "analysis"
_FILTER = "scipy.signal.sosfilt alone"
_PEAKS = "R-peak detector"
_READ = "pipeline without classification"
_WHOLE = "pipeline with classification"
_TURNS = "worker's turns of {} chunk{}: open, load, whole pipeline, dump"
_LIVE, _CATCH_UP = _TURNS.format(1, ""), _TURNS.format(160, "s")
_KEPT = "worker's turns of 1 chunk with the pipeline kept: open, whole pipeline, dump"
STARTED_US = 1_750_000_000_000_000


async def run(size: Size) -> list[Row]:
    """Chunks per second of one patient's signal on one core, fed chunk by chunk."""
    bodies = signal_bodies(size.of(800, CHUNKS_PER_STRIP), STARTED_US)
    classifier = load_classifier()
    contenders = {
        _FILTER: computing(lambda: _filter(bodies)),
        _PEAKS: computing(lambda: _peaks(bodies)),
        _READ: computing(lambda: _pipeline(bodies, None)),
        _WHOLE: computing(lambda: _pipeline(bodies, classifier)),
        _CATCH_UP: _turns(bodies, classifier, 160),
        _LIVE: _turns(bodies, classifier, 1),
        _KEPT: _turns(bodies, classifier, 1, Remembered()),
    }
    speeds = await compare(contenders, size.rounds)
    return [speeds[_FILTER].row(NAME, _FILTER, "chunks")] + [
        speeds[case].row(NAME, case, "chunks", _FILTER, _cost(speeds[case]))
        for case in (_PEAKS, _READ, _WHOLE, _CATCH_UP, _LIVE, _KEPT)
    ]


def _cost(speed: Speed) -> str:
    chunk_us = 1e6 / speed.per_second
    hour_ms = 3600 / CHUNK_S * chunk_us / 1000
    return f"{chunk_us:.0f} µs a chunk, {hour_ms / 60:.2g} ms a minute, {hour_ms:.0f} ms an hour"


def _millivolts(body: ChunkBody) -> "np.ndarray[tuple[int], np.dtype[np.float64]]":
    return body.samples.astype(np.float64) * (body.nv_per_lsb * 1e-6)


def _filter(bodies: Sequence[ChunkBody]) -> int:
    band = (LOW_HZ, HIGH_HZ)
    sections = signal.butter(ORDER // 2, band, "bandpass", fs=RATE_HZ, output="sos")
    state = signal.sosfilt_zi(sections) * _millivolts(bodies[0])[0]
    for body in bodies:
        _, state = signal.sosfilt(sections, _millivolts(body), zi=state)
    return len(bodies)


def _peaks(bodies: Sequence[ChunkBody]) -> int:
    detector = RPeakDetector(RATE_HZ)
    for body in bodies:
        detector.push(_millivolts(body))
    return len(bodies)


def _pipeline(bodies: Sequence[ChunkBody], classifier: Classifier | None) -> int:
    pipeline = SessionPipeline(Model("benchmark", 0.5))
    for seq, body in enumerate(bodies):
        pipeline.push(seq, body, STARTED_US)
        crops = pipeline.crops
        nothing = np.zeros((len(crops), 5), dtype=np.float32)
        pipeline.resolve(nothing if classifier is None else classifier.predict(crops))
    return len(bodies)


def _turns(
    bodies: Sequence[ChunkBody],
    classifier: Classifier,
    at_once: int,
    remembered: Remembered | None = None,
) -> Contender:
    """What the worker computes for a session, without its database: that many chunks a turn.

    A worker has ``remembered`` the pipeline unless another one went on with the session.
    """
    recorder, now = Recorder(), datetime.fromtimestamp(STARTED_US / 1e6, UTC)
    session, cipher = SessionKey(1, recorder.id, 1, recorder.session_id), recorder.cipher
    stored = [StoredChunk(n, frame, now) for n, frame in enumerate(recorder.seal(bodies))]

    def whole() -> int:
        state: bytes | None = None
        for start in range(0, len(stored), at_once):
            chunks = stored[start : start + at_once]
            work = Work(session, cipher, state, chunks, last=False, ends=False)
            [done] = analyse([work], classifier, remembered=remembered)
            if not isinstance(done, Done):
                raise RuntimeError(f"analysis failed: {done!r}")
            state = done.state
            if remembered is not None:
                remembered.keep(session.row, state, done.pipeline)
        return len(stored)

    return computing(whole)
