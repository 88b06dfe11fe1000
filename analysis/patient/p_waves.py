"""Evidence of a P wave, beside the patient's own: at its best place, and averaged over beats.

A premature beat with another P wave is supraventricular; where no beat has one, the atria
fibrillate. What the T wave of the beat before covers is taken off first.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from analysis.patient import quick
from analysis.patient.window import BEFORE, P_WAVE, WINDOW_RATE_HZ, WINDOW_SAMPLES

BEATS = 32
"""Beats over which evidence is averaged."""
SOUGHT = slice(4, 44)
"""Where the P wave may lie: 368 to 48 ms before R."""
REST = slice(10, 42)
TAIL = BEFORE + 12
"""From here on the usual beat is taken off the next one's P wave."""
FLAT = 1e-4
P_NAMES = (
    "usual P height", "apart of last", "alike of last", "height of last", "spread of last",
    "best alike", "best lag", "best height", "alike wide", "rest alike", "rest height",
    "P alike last", "best of last", "rest peak", "alike early",
)  # fmt: skip
P_SPEC = f"P waves 1: {BEATS} {SOUGHT} {REST} {TAIL} {FLAT} {P_NAMES}"

Samples = npt.NDArray[np.float64]
_LENGTH = P_WAVE.stop - P_WAVE.start
_PLACES = np.arange(SOUGHT.stop - SOUGHT.start - _LENGTH + 1)[:, None] + np.arange(_LENGTH)
_USUAL_PLACE = P_WAVE.start - SOUGHT.start


class PWaves:
    """The P waves of one segment's last beats: likeness, height, distance, best likeness."""

    def __init__(self) -> None:
        self.seen = np.zeros((0, 4))

    def dump(self) -> dict[str, Any]:
        """The state: one array."""
        return {"seen": self.seen}

    @classmethod
    def load(cls, state: Mapping[str, Any]) -> "PWaves":
        """What ``dump`` described."""
        waves = cls()
        waves.seen = state["seen"]
        return waves

    def compare(
        self, beat: Samples, usual: Samples, last: Samples, previous_s: float | None
    ) -> Samples:
        """float64[len(P_NAMES)] of a beat, and remember it; free of polarity.

        All three windows are float64[WINDOW_SAMPLES] in parts of the patient's usual height;
        ``last`` is the beat before, ``previous_s`` seconds ago (None: there is none).
        """
        own, template = _flat(beat[P_WAVE]), usual[P_WAVE]
        table = _alike_rows(beat[SOUGHT][_PLACES], template)
        best = int(table.argmax())
        rest = _without_tail(beat, usual, previous_s)
        usual_height = float(np.ptp(_flat(template)))
        height = float(np.ptp(_flat(beat[SOUGHT][best : best + _LENGTH])))
        known = self.seen if len(self.seen) else np.zeros((1, 4))
        values = [
            usual_height, *(quick.mean(known[:, column]) for column in (2, 0, 1)),
            known[:, 0].std(), table[best], (best - _USUAL_PLACE) / _USUAL_PLACE,
            np.log((height + FLAT) / (usual_height + FLAT)), _alike(beat, usual, slice(4, 41)),
            float(_alike_rows(rest[None], _flat(usual[REST]))[0]), np.ptp(rest),
            _alike(beat, usual if previous_s is None else last, P_WAVE), quick.mean(known[:, 3]),
            (int(np.abs(rest).argmax()) - 16) / 16, _alike(beat, usual, slice(4, 30)),
        ]  # fmt: skip
        apart = own - _flat(template)
        now = [
            _alike(beat, usual, P_WAVE), np.ptp(own),
            np.sqrt(quick.mean(apart * apart)), table[best],
        ]  # fmt: skip
        self.seen = np.concatenate((self.seen, [now]))[-BEATS:]
        return np.clip(np.array(values, dtype=np.float64), -4.0, 4.0)


def _without_tail(beat: Samples, usual: Samples, previous_s: float | None) -> Samples:
    """The part before R, less the end of a usual beat where the last one was; no straight line."""
    rest = beat[REST].copy()
    if previous_s is not None:
        at = np.arange(REST.start, REST.stop) + round(previous_s * WINDOW_RATE_HZ)
        covered = (at >= TAIL) & (at < WINDOW_SAMPLES)
        if covered.any():
            rest -= np.where(covered, usual[np.minimum(at, WINDOW_SAMPLES - 1)], usual[-1])
    return _flat(rest)


def _flat(x: Samples) -> Samples:
    """``x`` without its straight line from end to end."""
    return x - quick.line(x[0], x[-1], len(x))


def _alike(a: Samples, b: Samples, where: slice) -> float:
    return float(_alike_rows(a[where][None], b[where])[0])


def _alike_rows(rows: Samples, template: Samples) -> Samples:
    """Correlation of each of the rows, float64[n, m], with float64[m]."""
    rows = rows - rows.mean(axis=1, keepdims=True)
    template = template - quick.mean(template)
    sizes = np.sqrt((rows * rows).sum(axis=1) * float(template @ template))
    alike: Samples = np.where(sizes > FLAT**2, rows @ template / np.maximum(sizes, FLAT**2), 0.0)
    return alike
