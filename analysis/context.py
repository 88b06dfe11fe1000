"""A beat as the network sees it: its shape, the patient's usual shape, and its timing.

One row of BEAT_VALUES numbers, made by one function for training and for serving, beat after beat
in order of time. What is usual is carried from beat to beat and bounded.
"""

from collections.abc import Mapping
from math import ceil
from typing import Any

import numpy as np
import numpy.typing as npt

from analysis.beats import BEAT_SAMPLES, BEAT_VALUES, beat_stop, cut_beat
from analysis.patient.intervals import MIDDLE, intervals
from analysis.patient.p_waves import PWaves
from analysis.patient.rhythm import MEMORY, rhythm
from analysis.patient.shapes import Shapes
from analysis.patient.window import BEFORE, WINDOW_RATE_HZ, WINDOW_SAMPLES, window, window_stop

Signal = npt.NDArray[np.float64]
Row = npt.NDArray[np.float32]
NEXT_MAX_S = 4.0
"""A beat whose successor comes later has none: the heart stopped."""


def row_stop(r: int, next_r: int, rate_hz: float) -> int:
    """First sample index, at ``rate_hz``, that the row of the beat at ``r`` no longer needs."""
    return max(beat_stop(r, next_r, rate_hz), window_stop(r, rate_hz))


def row_start(r: int, rate_hz: float) -> int:
    """First sample index, at ``rate_hz``, that the window around ``r`` shows; may be negative."""
    return r - ceil(BEFORE * rate_hz / WINDOW_RATE_HZ)


class Context:
    """What one unbroken segment's beats have told so far; ``row`` takes the next beat."""

    def __init__(self) -> None:
        self.shapes = Shapes()
        self.p_waves = PWaves()
        self.before_s: list[float] = []
        self.previous_s: float | None = None

    def row(self, signal: Signal, r: int, next_r: int | None, rate_hz: float) -> Row | None:
        """The beat at ``r`` as float32[BEAT_VALUES], and remember it; None if it cannot be read.

        ``signal`` is float64[n] in mV, from analysis.signal.filters.BandPass; ``r`` and ``next_r``
        are indices of this R peak and of the following one, if there is one without a gap between.
        """
        next_s = None if next_r is None else (next_r - r) / rate_hz
        if next_s is not None and next_s > NEXT_MAX_S:
            next_s = next_r = None
        beat = window(signal, r, rate_hz)
        row = None
        if beat is not None:
            own, shape = self.shapes.compare(beat)
            scaled, usual = self._scaled(beat)
            last = self.shapes.last / self._height_mv(beat)
            waves = self.p_waves.compare(scaled, usual, last, self.previous_s)
            late = None
            if next_s is not None and next_r is not None:
                told = (self.before_s, self.previous_s, next_s)
                late = self._ratio(next_s)
                crop = cut_beat(signal, r, next_r, rate_hz)
                if crop is not None:
                    values = (intervals(*told), shape, rhythm(*told), waves)
                    row = _joined(crop, scaled, usual, np.concatenate(values))
            early = None if self.previous_s is None else self._ratio(self.previous_s)
            self.shapes.take(beat, own, early, late)
        if self.previous_s is not None:
            self.before_s = [*self.before_s, self.previous_s][-MEMORY:]
        self.previous_s = next_s
        return row

    def skip(self) -> None:
        """A beat around which samples are missing: nothing is learned, no interval spans it."""
        if self.previous_s is not None:
            self.before_s = [*self.before_s, self.previous_s][-MEMORY:]
        self.previous_s = None

    def dump(self) -> dict[str, Any]:
        """The state: numbers and arrays."""
        return {
            "shapes": self.shapes.dump(),
            "p_waves": self.p_waves.dump(),
            "before_s": np.array(self.before_s),
            "previous_s": self.previous_s,
        }

    @classmethod
    def load(cls, state: Mapping[str, Any]) -> "Context":
        """The context that ``dump`` described."""
        context = cls()
        context.shapes = Shapes.load(state["shapes"])
        context.p_waves = PWaves.load(state["p_waves"])
        context.before_s, context.previous_s = state["before_s"].tolist(), state["previous_s"]
        return context

    def _ratio(self, interval_s: float) -> float:
        if not self.before_s:
            return 0.0
        usual = sorted(self.before_s[-MIDDLE:])
        return float(np.log(interval_s / usual[len(usual) // 2]))

    def _height_mv(self, beat: Signal) -> float:
        return self.shapes.height_mv if self.shapes.heights else float(np.ptp(beat)) or 1.0

    def _scaled(self, beat: Signal) -> tuple[Signal, Signal]:
        """The beat's window and that of the usual beat, in parts of the usual height."""
        height = self._height_mv(beat)
        usual = self.shapes.means[self.shapes.usual] if self.shapes.heights else beat
        return np.clip(beat / height, -8.0, 8.0), np.clip(usual / height, -8.0, 8.0)


def _joined(crop: Row, beat: Signal, usual: Signal, values: Signal) -> Row:
    row = np.empty(BEAT_VALUES, dtype=np.float32)
    ends = np.cumsum((BEAT_SAMPLES, WINDOW_SAMPLES, WINDOW_SAMPLES))
    row[: ends[0]] = crop
    row[ends[0] : ends[1]] = beat
    row[ends[1] : ends[2]] = usual
    row[ends[2] :] = values
    return row
