"""Whether the beats that come in still look like those of the training: a sliding comparison.

The population stability index of each feature, the symmetric Kullback-Leibler divergence of two
histograms (Jeffreys 1946, doi:10.1098/rspa.1946.0056): by custom, below 0.1 nothing has moved,
above 0.25 the weights meet signals that they were not made for. Training's histograms stand in the
artefact's JSON file, made by the same code (model.features).
"""

import json
import math
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt

from analysis.beats import BEAT_SAMPLES
from core.ecg import StripFinding

BLOCKS = 10
"""The window slides by a tenth of itself."""
SMOOTHING = 0.5
"""Added to each bin, so that an empty one does not make the index infinite."""

Values = npt.NDArray[np.float64]
Counts = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Feature:
    """A number of each beat or strip: bins begin at ``edges``, one more lies below the first.

    The window holds the last ``window`` values; with fewer than ``least`` nothing is said.
    """

    edges: tuple[float, ...]
    window: int
    least: int


def _steps(first: float, stop: float, count: int) -> tuple[float, ...]:
    return tuple(np.linspace(first, stop, count).round(6).tolist())


_BEATS, _STRIPS = (20_000, 500), (2_000, 100)
FEATURES: Mapping[str, Feature] = {
    "rr_ms": Feature(_steps(300, 1900, 17), *_BEATS),
    "probability": Feature(_steps(0.1, 0.9, 9), *_BEATS),
    "beat_samples": Feature(_steps(40, 180, 8), *_BEATS),
    "peak_position": Feature(_steps(4, 164, 9), *_BEATS),
    "quality": Feature(_steps(0.1, 0.9, 9), *_STRIPS),
    "amplitude_mv": Feature((0.1, 0.2, 0.35, 0.5, 0.7, 1, 1.4, 2, 2.8, 4, 5.6, 8), *_STRIPS),
}
"""What is watched. ``beat_samples`` and ``peak_position`` are of the beat as the network sees it:
how much of it is no padding, and where it is highest; ``amplitude_mv`` is that of the signal."""


class Monitor:
    """Counts the last values of each feature beside the histograms of the training."""

    def __init__(self, trained: Mapping[str, Sequence[int]]) -> None:
        self._trained = {name: np.array(counts) for name, counts in trained.items()}
        self._windows = {name: _Window(feature) for name, feature in FEATURES.items()}

    def see(
        self,
        beats: npt.NDArray[np.float32],
        findings: Sequence[StripFinding],
        amplitudes_mv: Sequence[float],
    ) -> None:
        """Count what a turn has brought: the network's inputs float32[n, m], and what came out."""
        if not len(beats) and not findings:
            return  # seven of eight turns of a running session
        for name, values in features(beats, findings, amplitudes_mv).items():
            self._windows[name].add(values)

    def count(self, name: str) -> int:
        """How many values of a feature are in its window."""
        return int(self._windows[name].total.sum())

    def index(self, name: str) -> float:
        """The population stability index of a feature; nan while there are too few values."""
        if self.count(name) < FEATURES[name].least or name not in self._trained:
            return math.nan
        return stability_index(self._trained[name], self._windows[name].total)


class _Window:
    """A histogram of about the last ``feature.window`` values, in blocks of a tenth of them."""

    def __init__(self, feature: Feature) -> None:
        self._edges = np.array(feature.edges)
        self._block = feature.window // BLOCKS
        self._blocks: deque[Counts] = deque([self._empty()])
        self.total = self._empty()

    def add(self, values: Values) -> None:
        counts = histogram(values, self._edges)
        self._blocks[-1] += counts
        total = self.total + counts
        if self._blocks[-1].sum() >= self._block:
            self._blocks.append(self._empty())
        if len(self._blocks) > BLOCKS:
            total -= self._blocks.popleft()
        self.total = total  # in one step: who reads it is another thread

    def _empty(self) -> Counts:
        return np.zeros(len(self._edges) + 1, dtype=np.int64)


def histogram(values: Values, edges: npt.ArrayLike) -> Counts:
    """Counts int64[k + 1] of finite values below, between and from the k ascending ``edges`` on."""
    bounds = np.asarray(edges)
    place = bounds.searchsorted(values[np.isfinite(values)], side="right")
    return np.bincount(place, minlength=len(bounds) + 1)


def stability_index(trained: Counts, seen: Counts) -> float:
    """The population stability index of two histograms over the same bins; 0 if they are alike."""
    p, q = (counts + SMOOTHING for counts in (trained, seen))
    p, q = p / p.sum(), q / q.sum()
    return float(((q - p) * np.log(q / p)).sum())


def features(
    beats: npt.NDArray[np.float32],
    findings: Sequence[StripFinding],
    amplitudes_mv: Sequence[float],
) -> dict[str, Values]:
    """Values of each of FEATURES, float64[any number]."""
    rr_ms = [
        1000 * (after.sample_index - beat.sample_index) / strip.rate_hz
        for strip in findings
        for beat, after in pairwise(strip.beats)
    ]
    told = [b.abnormal_probability for s in findings for b in s.beats]
    shape = beats[:, :BEAT_SAMPLES]
    return {
        "rr_ms": np.array(rr_ms),
        "probability": np.array([p for p in told if p is not None]),
        "beat_samples": np.count_nonzero(shape, axis=1).astype(np.float64),
        "peak_position": shape.argmax(axis=1).astype(np.float64),
        "quality": np.array([strip.quality.score for strip in findings]),
        "amplitude_mv": np.array(amplitudes_mv),
    }


def amplitude_mv(signal_mv: Values) -> float:
    """The height of a filtered signal float64[n] in mV, without its highest and lowest 0.5 %."""
    if len(signal_mv) == 0:
        return math.nan
    low, high = np.percentile(signal_mv, [0.5, 99.5])
    return float(high - low)


def read_monitor(artefact: Path) -> Monitor | None:
    """A monitor beside the training histograms of an artefact; None where it states none.

    Histograms of other bins than FEATURES are of other code: their features stay unwatched.
    """
    try:
        stated = json.loads(artefact.with_suffix(".json").read_bytes())["features"]
        told = {name: stated[name] for name in FEATURES if name in stated}
        trained = {
            name: [int(count) for count in of_feature["counts"]]
            for name, of_feature in told.items()
            if tuple(of_feature["edges"]) == FEATURES[name].edges
        }
    except (OSError, ValueError, LookupError, TypeError):
        return None
    whole = {
        name: counts
        for name, counts in trained.items()
        if len(counts) == len(FEATURES[name].edges) + 1 and min(counts) >= 0
    }
    return Monitor(whole) if whole else None
