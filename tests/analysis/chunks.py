"""Chunk bodies from a signal, and sessions run through the pipeline."""

from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

from analysis.alarms.policy import AlertPolicy
from analysis.beats import BEAT_SAMPLES
from analysis.classifier import CLASSES
from analysis.session.pipeline import SessionPipeline
from analysis.session.resume import dump, load
from analysis.session.verdicts import Model
from core.alerts import Alert, AlertKind
from core.chunk import INVALID_SAMPLE, SAMPLES_PER_CHUNK, ChunkBody, ChunkFlag
from core.ecg import BeatClass, StripFinding
from simulator.rhythm import Rhythm
from simulator.synthetic import synthetic

Samples = npt.NDArray[np.float64]

RATE_HZ = 125.0
T0_US = 1_750_000_000_000_000
RECEIVED_US = 1_760_000_000_000_000
NV_PER_LSB = 1000
NO_FLAG = ChunkFlag(0)
MODEL = Model("test", 0.5)
POLICY = AlertPolicy()

Chunk = tuple[int, ChunkBody]


def all_normal(n_beats: int) -> npt.NDArray[np.float32]:
    """Probabilities of so many beats that are certainly normal."""
    return np.tile(np.eye(1, len(CLASSES), dtype=np.float32), (n_beats, 1))


class LengthClassifier:
    """A classifier that can be foretold: the longer a beat, the more abnormal, and then V."""

    model_id = "test"
    threshold = 0.5

    def predict(self, beats: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        abnormal = np.count_nonzero(beats[:, :BEAT_SAMPLES], axis=1) / BEAT_SAMPLES
        probabilities = np.zeros((len(beats), len(CLASSES)), dtype=np.float32)
        probabilities[:, 0] = 1 - abnormal
        probabilities[:, CLASSES.index(BeatClass.VENTRICULAR)] = abnormal
        return probabilities


def rhythm_mv(rhythm: Rhythm, seconds: float, rate_hz: float = RATE_HZ, seed: int = 1) -> Samples:
    """A synthetic patient's signal in mV, NaN while leads are off."""
    n, parts = round(seconds * rate_hz), list[Samples]()
    for block in synthetic(rhythm, rate_hz, seed):
        parts.append(block)
        if sum(map(len, parts)) >= n:
            break
    return np.concatenate(parts)[:n]


def body(
    codes: Sequence[int] | npt.NDArray[np.int16],
    sample_index: int = 0,
    *,
    t0_us: int = T0_US,
    rate_centihz: int = 12_500,
    flags: ChunkFlag = NO_FLAG,
    nv_per_lsb: int = NV_PER_LSB,
) -> ChunkBody:
    """One chunk of up to 187 codes."""
    samples = np.full(SAMPLES_PER_CHUNK, INVALID_SAMPLE, dtype=np.int16)
    samples[: len(codes)] = codes
    return ChunkBody(t0_us, sample_index, rate_centihz, flags, len(codes), nv_per_lsb, samples)


def chunks_of(signal_mv: Samples, rate_hz: float = RATE_HZ, clock: bool = True) -> list[Chunk]:
    """The whole signal as numbered chunks; the last one may be short."""
    scaled = np.where(np.isnan(signal_mv), INVALID_SAMPLE, signal_mv * (1e6 / NV_PER_LSB))
    codes = np.round(scaled).astype(np.int16)
    return [
        (
            seq,
            body(
                codes[first : first + SAMPLES_PER_CHUNK],
                first,
                t0_us=T0_US + round(first / rate_hz * 1e6) if clock else 0,
                rate_centihz=round(rate_hz * 100),
            ),
        )
        for seq, first in enumerate(range(0, len(codes), SAMPLES_PER_CHUNK))
    ]


class Run:
    """What a pipeline said of a session, strips said again in place of the former."""

    def __init__(self) -> None:
        self.pipeline = SessionPipeline(MODEL, POLICY)
        self.findings: dict[int, StripFinding] = {}
        self.alerts: dict[tuple[AlertKind, int], Alert] = {}

    def push(self, chunks: Iterable[Chunk]) -> "Run":
        for seq, content in chunks:
            self.pipeline.push(seq, content, RECEIVED_US)
        self._resolve(self.pipeline)
        return self

    def store_and_load(self) -> "Run":
        self.pipeline = load(dump(self.pipeline), MODEL, POLICY)
        return self

    def end(self) -> "Run":
        self._resolve(self.pipeline.ended())
        return self

    def predict(self, beats: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        return LengthClassifier().predict(beats)

    def _resolve(self, pipeline: SessionPipeline) -> None:
        outcome = pipeline.resolve(self.predict(pipeline.crops))
        self.findings |= {finding.strip_index: finding for finding in outcome.findings}
        self.alerts |= {(alert.kind, alert.strip_index): alert for alert in outcome.alerts}

    @property
    def strips(self) -> list[StripFinding]:
        return [self.findings[strip_index] for strip_index in sorted(self.findings)]

    @property
    def beats(self) -> list[int]:
        return [beat.sample_index for strip in self.strips for beat in strip.beats]


def run(signal_mv: Samples, rate_hz: float = RATE_HZ) -> Run:
    """The whole signal, pushed at once, and the session's end."""
    return Run().push(chunks_of(signal_mv, rate_hz)).end()
