"""Signals that become alarming at a moment of ours, and what the pipeline makes of each.

What is decided with which chunk is a function of the signal alone, so it is found beforehand.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from analysis.classifier import Classifier
from analysis.session.pipeline import SessionPipeline
from analysis.session.verdicts import Model
from benchmarks.recorder import RATE_HZ
from core.alerts import AlertKind
from core.chunk import ChunkBody
from simulator.framer import Framer
from simulator.rhythm import Rhythm
from simulator.synthetic import synthetic

Samples = npt.NDArray[np.float64]


class Onset(StrEnum):
    """What begins: no beat at all, broad beats at 140/min, or narrow ones at 190/min."""

    STANDSTILL = "standstill"
    BROAD = "broad beats"
    RACING = "racing heart"


_BROAD = ((-0.03, 0.02, -0.3), (0.015, 0.028, 1.5), (0.06, 0.02, -0.4), (0.2, 0.04, -0.2))
_NARROW = ((-0.030, 0.010, -0.10), (0.0, 0.011, 1.10), (0.030, 0.010, -0.22), (0.16, 0.03, 0.28))
_BEATS = {
    Onset.STANDSTILL: (1.0, ()),
    Onset.BROAD: (60 / 140, _BROAD),
    Onset.RACING: (60 / 190, _NARROW),
}
"""The interval in s, and waves: offset from R in s, width in s, height in mV."""
_NOISE_MV = 0.012


@dataclass(frozen=True, slots=True)
class Foreseen:
    """The first alert of a signal: its name, the end of its evidence, the chunk that opens it."""

    kind: AlertKind
    strip_index: int
    stop_sample: int
    seq: int


def alarming(onset: Onset | None, onset_s: float, seconds: float, seed: int) -> list[ChunkBody]:
    """Sinus rhythm for ``onset_s`` and then what begins, ``seconds`` in all; undated chunks."""
    line = _sinus(seconds, seed)
    if onset is not None:
        first = round(onset_s * RATE_HZ)
        line[first:] = _begun(onset, len(line) - first, seed)
    framer = Framer(RATE_HZ, 1)
    return framer.push(line)


def _sinus(seconds: float, seed: int) -> Samples:
    wanted, blocks = round(seconds * RATE_HZ), list[Samples]()
    for block in synthetic(Rhythm.SINUS, RATE_HZ, seed):
        blocks.append(block)
        if sum(map(len, blocks)) >= wanted:
            break
    return np.concatenate(blocks)[:wanted]


def _begun(onset: Onset, count: int, seed: int) -> Samples:
    rr_s, waves = _BEATS[onset]
    time_s = np.arange(count) / RATE_HZ
    line: Samples = _NOISE_MV * np.random.default_rng([seed, 2]).standard_normal(count)
    for offset_s, width_s, height_mv in waves:
        phase = (time_s - offset_s) % rr_s
        away = np.minimum(phase, rr_s - phase)
        line += height_mv * np.exp(-0.5 * (away / width_s) ** 2)
    return line


def foreseen(bodies: Sequence[ChunkBody], classifier: Classifier) -> Foreseen | None:
    """The first alert that the pipeline opens, None if there is none."""
    pipeline = SessionPipeline(Model(classifier.model_id, classifier.threshold))
    for seq, body in enumerate(bodies):
        pipeline.push(seq, body, 0)
        opened = pipeline.resolve(classifier.predict(pipeline.crops)).alerts
        for alert in opened:
            if alert.basis is not None:
                return Foreseen(alert.kind, alert.strip_index, alert.basis.stop_sample, seq)
    return None


def onsets() -> Iterator[Onset]:
    """One after the other, for ever."""
    while True:
        yield from Onset
