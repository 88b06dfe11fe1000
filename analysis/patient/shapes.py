"""The shapes of a patient's QRS complexes: a few running mean beats, the commonest first.

Each new beat joins the shape that it resembles, or begins one in place of the rarest. The
commonest shape stands for the patient's usual beat, also where every other beat is ectopic.
"""

from collections.abc import Mapping
from math import sqrt
from typing import Any

import numpy as np
import numpy.typing as npt

from analysis.patient import quick
from analysis.patient.window import P_WAVE, QRS, T_WAVE, WINDOW_SAMPLES

SHAPES = 4
ALIKE = 0.9
"""Correlation of QRS complexes of one shape, at the best of LAGS."""
LAGS = (-2, -1, 0, 1, 2)
KEPT = 0.985
"""Share of a shape's weight that is left after one more beat."""
PACE = 0.08
"""The least weight of a new beat in its shape's mean."""
AMPLITUDES = 32
FLAT_MV = 1e-4
SHAPE_NAMES = (
    "alike usual", "apart usual", "alike own", "share own", "is usual", "early own", "late own",
    "alike last", "last alike usual", "area/usual", "height", "width", "width/usual", "share usual",
    "P alike", "P height", "P apart", "T alike", "T apart", "noise", "steep/usual", "lag",
)  # fmt: skip
SHAPES_SPEC = (
    f"shapes 1: {SHAPES} {ALIKE} {LAGS} {KEPT} {PACE} {AMPLITUDES} {FLAT_MV} {SHAPE_NAMES}"
)

Samples = npt.NDArray[np.float64]
_ROWS = np.arange(QRS.start, QRS.stop) + np.array(LAGS)[:, None]


def _alike(a: Samples, b: Samples) -> float:
    a, b = a - quick.mean(a), b - quick.mean(b)
    size = float(np.sqrt((a @ a) * (b @ b)))
    return float(a @ b) / size if size > FLAT_MV**2 else 0.0


def _rms(x: Samples) -> float:
    return sqrt(quick.mean(x * x))


class Shapes:
    """What has been seen of one segment's beats; ``means`` is float64[SHAPES, WINDOW_SAMPLES], mV.

    ``habits`` is float64[SHAPES, 3]: weight, mean earliness and lateness (logarithms of the
    preceding and following interval to the usual one). ``last`` is the last beat.
    """

    def __init__(self) -> None:
        self.means = np.zeros((SHAPES, WINDOW_SAMPLES))
        self.habits = np.zeros((SHAPES, 3))
        self.last = np.zeros(WINDOW_SAMPLES)
        self.last_alike = 1.0
        self.heights: list[float] = []

    @property
    def usual(self) -> int:
        """The shape with the greatest weight."""
        return int(self.habits[:, 0].argmax())

    @property
    def height_mv(self) -> float:
        """Median peak-to-peak height of the last QRS complexes."""
        return max(quick.median(np.array(self.heights)), FLAT_MV) if self.heights else 1.0

    def dump(self) -> dict[str, Any]:
        """The state: arrays, and a number."""
        return {
            "means": self.means,
            "habits": self.habits,
            "last": self.last,
            "last_alike": self.last_alike,
            "heights": np.array(self.heights),
        }

    @classmethod
    def load(cls, state: Mapping[str, Any]) -> "Shapes":
        """What ``dump`` described."""
        shapes = cls()
        shapes.means, shapes.habits = state["means"], state["habits"]
        shapes.last, shapes.last_alike = state["last"], state["last_alike"]
        shapes.heights = state["heights"].tolist()
        return shapes

    def compare(self, beat: Samples) -> tuple[int, Samples]:
        """The shape that a beat (float64[WINDOW_SAMPLES], mV) is of, or -1, and its values.

        The values are float64[len(SHAPE_NAMES)], free of gain and of polarity.
        """
        weights = self.habits[:, 0]
        total = float(weights.sum())
        if total == 0.0:
            own, usual, alike, lag = -1, beat, np.ones(SHAPES), 0
            share = usual_share = 1.0
            habit = np.zeros(3)
        else:
            table = self._alike_at_lags(beat)
            best = table.max(axis=0)
            alike = np.where(weights > 0, best, -1.0)
            own = int(alike.argmax()) if alike.max() >= ALIKE else -1
            usual = self.means[self.usual]
            lag = LAGS[int(table[:, self.usual].argmax())]
            habit = self.habits[own] if own >= 0 else np.zeros(3)
            share, usual_share = float(habit[0]) / total, float(weights.max()) / total
        alike_usual = float(alike[self.usual])
        height = self.height_mv if self.heights else max(float(np.ptp(beat[QRS])), FLAT_MV)
        qrs, usual_qrs = beat[QRS], usual[QRS]
        values = [
            alike_usual, _rms(qrs - usual_qrs) / height, float(alike.max()), share,
            float(own == self.usual or total == 0.0), habit[1], habit[2],
            _alike(qrs, self.last[QRS]) if total else 1.0, self.last_alike,
            _ratio(_rms(qrs), _rms(usual_qrs)), _ratio(float(np.ptp(qrs)), height),
            _width(qrs), _ratio(_width(qrs), _width(usual_qrs)), usual_share,
            _alike(beat[P_WAVE], usual[P_WAVE]), _level(beat[P_WAVE]) / height,
            _rms(_flat(beat[P_WAVE]) - _flat(usual[P_WAVE])) / height,
            _alike(beat[T_WAVE], usual[T_WAVE]), _rms(beat[T_WAVE] - usual[T_WAVE]) / height,
            _rms(np.diff(beat, 2)[: QRS.start]) / height,
            _ratio(_steep(qrs), _steep(usual_qrs)), lag / 2,
        ]  # fmt: skip
        return own, np.clip(np.array(values), -4.0, 4.0)

    def take(self, beat: Samples, own: int, early: float | None, late: float | None) -> None:
        """Add a beat to shape ``own``, or to a new one (-1) in place of the rarest."""
        self.last_alike = self._usual_alike(beat)
        self.habits[:, 0] *= KEPT
        if own < 0:
            own = int(self.habits[:, 0].argmin())
            self.means[own], self.habits[own] = beat, 0.0
        habit = self.habits[own]
        habit[0] += 1.0
        pace = max(1.0 / habit[0], PACE)
        self.means[own] += pace * (beat - self.means[own])
        for column, value in ((1, early), (2, late)):
            if value is not None:
                habit[column] += pace * (value - habit[column])
        self.last = beat
        self.heights = [*self.heights, float(np.ptp(beat[QRS]))][-AMPLITUDES:]

    def _usual_alike(self, beat: Samples) -> float:
        return _alike(beat[QRS], self.means[self.usual][QRS]) if self.heights else 1.0

    def _alike_at_lags(self, beat: Samples) -> Samples:
        """Correlation of the QRS complex, shifted by each of LAGS, with each shape."""
        shifted = beat[_ROWS]
        shifted = shifted - shifted.mean(axis=1, keepdims=True)
        means = self.means[:, QRS] - self.means[:, QRS].mean(axis=1, keepdims=True)
        sizes = np.sqrt((shifted**2).sum(axis=1)[:, None] * (means**2).sum(axis=1))
        table: Samples = (shifted @ means.T) / np.maximum(sizes, FLAT_MV**2)
        return table


def _ratio(a: float, b: float) -> float:
    """Natural logarithm of a/b, both non-negative."""
    return float(np.log((a + FLAT_MV) / (b + FLAT_MV)))


def _flat(x: Samples) -> Samples:
    """``x`` without its straight line from end to end."""
    return x - quick.line(x[0], x[-1], len(x))


def _level(x: Samples) -> float:
    return float(np.ptp(_flat(x)))


def _steep(x: Samples) -> float:
    return float(np.abs(x[1:] - x[:-1]).max())


def _width(x: Samples) -> float:
    """Area over height: how broad the complex is, 0 to 1."""
    level = np.abs(x - quick.median(x))
    return float(quick.mean(level) / max(float(level.max()), FLAT_MV))
