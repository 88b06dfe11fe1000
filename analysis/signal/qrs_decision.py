"""The choice of QRS complexes among humps of energy: adaptive threshold, T-wave guard, searchback.

The rules are those of Pan and Tompkins (doi:10.1109/TBME.1985.325532) and Hamilton and Tompkins
(doi:10.1109/TBME.1986.325695), driven by order statistics instead of running means, so that a
few giant or tiny beats do not carry the threshold away. The numbers were chosen on the DS1 half
of the MIT-BIH Arrhythmia Database (de Chazal 2004, doi:10.1109/TBME.2004.827359); where several
did equally well there, a round one was taken.
"""

import numpy as np

from analysis.signal.filters import Samples
from analysis.signal.qrs_features import Candidate
from analysis.signal.qrs_level import (
    FLOOR_MV,
    RELEARN_AFTER_S,
    RELEARN_EVERY_S,
    first_level,
    last_resort_level,
    new_level,
)

THRESHOLD_EARLY = 0.40
THRESHOLD_DUE = 0.35
"""Threshold above the noise, as a share of the beat level: just after a beat, and one RR later."""
SEARCHBACK_SHARE = 0.15
SEARCHBACK_RR = 1.4
"""After so many RR intervals without a beat, the highest hump above this share is a beat."""
T_GUARD_SHARE = 0.7
T_GUARD_FROM_S = 0.2
T_GUARD_END_S = 0.5
"""A hump soon after a beat must reach a share of it: 0.7 at 0.2 s, falling to nothing at 0.5 s."""
LEVEL_BEATS = 10
LEVEL_RANK = 3
"""The beat level is the fourth smallest of the last ten beats' heights."""
LEVEL_GROWTH = 2.0
"""One beat counts for at most this many times the level."""
RR_BEATS = 8
RR_RANK = 4
RR_AT_START_S = 0.9
RR_MAX_S = 2.0
"""Longer intervals are pauses or losses, not the rhythm."""
NOISE_GAIN = 0.1
NOISE_AT_START = 0.1
PENDING_S = 10.0
"""Humps are remembered so long: no beat is told later than that."""


class QrsDecision:
    """Picks the beats of one segment, hump by hump; times in samples, heights in mV."""

    def __init__(self, rate_hz: float) -> None:
        self._rate = rate_hz
        self._pending: list[Candidate] = []
        self._heights: list[float] = []
        self._intervals = [RR_AT_START_S * rate_hz] * RR_BEATS
        self._level = self._noise = self._last_height = 0.0
        self._last = self._tried = 0.0
        self._rr = RR_AT_START_S * rate_hz
        self._rhythm = False

    def offer(self, hump: Candidate) -> list[int]:
        """R peaks (sample indices) that the next hump settles: earlier ones, or its own."""
        index, height, _ = hump
        if height < FLOOR_MV:
            return []
        found = self.advance(index)
        if self._level == 0.0:
            self._remember(hump)
            level = first_level(self._pending, self._rate)
            return found + (self._replay(level) if level > 0.0 else [])
        return found + (self._relearn(hump) or self._judge(hump))

    @property
    def undecided(self) -> int | None:
        """The earliest R peak among humps that may yet become beats."""
        return self._pending[0][2] if self._pending else None

    def advance(self, index: float) -> list[int]:
        """R peaks found by looking back, once every hump before ``index`` has been offered."""
        found = self._expire(index)
        while self._level > 0.0 and index - self._last > SEARCHBACK_RR * self._rr:
            limit = SEARCHBACK_SHARE * self._level + self._noise
            missed = [h for h in self._pending if h[1] > max(limit, self._guard(h[0]))]
            if not missed:
                break
            found.append(self._accept(max(missed, key=lambda h: h[1])))
        return found

    def _expire(self, index: float) -> list[int]:
        """Let go of humps that are too old: a line without any may follow them for hours.

        Where it does before the beat level could be learned, they are judged as at the end of a
        segment, and the level stays to be learned.
        """
        oldest = index - PENDING_S * self._rate
        if not self._pending or self._pending[0][0] >= oldest:
            return []
        if self._level > 0.0:
            self._pending = [hump for hump in self._pending if hump[0] >= oldest]
            return []
        found = self.finish()
        self._level, self._pending = 0.0, []
        return found

    def finish(self) -> list[int]:
        """R peaks of a segment that ended before its beat level could be learned."""
        if self._level > 0.0 or not self._pending:
            return []
        return self._replay(last_resort_level(self._pending, self._rate))

    def _judge(self, hump: Candidate) -> list[int]:
        index, height, _ = hump
        due = min((index - self._last) / self._rr, 1.0)
        share = THRESHOLD_EARLY + (THRESHOLD_DUE - THRESHOLD_EARLY) * due
        if height > max(share * self._level + self._noise, self._guard(index)):
            return [self._accept(hump)]
        self._noise += NOISE_GAIN * (height - self._noise)
        self._remember(hump)
        return []

    def _guard(self, index: float) -> float:
        """The height below which a hump at ``index`` is the last beat's T wave."""
        left_s = T_GUARD_END_S - (index - self._last) / self._rate
        return T_GUARD_SHARE * left_s / (T_GUARD_END_S - T_GUARD_FROM_S) * self._last_height

    def _accept(self, hump: Candidate) -> int:
        index, height, r_peak = hump
        interval = index - self._last
        if self._rhythm and interval < RR_MAX_S * self._rate:
            self._intervals = [*self._intervals[1:], interval]
            self._rr = sorted(self._intervals)[RR_RANK]
        self._heights = [*self._heights[1:], min(height, LEVEL_GROWTH * self._level)]
        self._level = sorted(self._heights)[LEVEL_RANK]
        self._last, self._last_height, self._rhythm = float(index), height, True
        self._pending = [h for h in self._pending if h[0] > index]
        return r_peak

    def _remember(self, hump: Candidate) -> None:
        oldest = hump[0] - PENDING_S * self._rate
        self._pending = [*(h for h in self._pending if h[0] >= oldest), hump]

    def _relearn(self, hump: Candidate) -> list[int]:
        index = hump[0]
        silent = index - self._last
        wait = index - self._tried
        if silent < RELEARN_AFTER_S * self._rate or wait < RELEARN_EVERY_S * self._rate:
            return []
        self._tried = float(index)
        level = new_level(self._pending, self._level, index, silent, self._rate)
        if level == 0.0:
            return []
        self._remember(hump)
        return self._replay(level)

    def _replay(self, level: float) -> list[int]:
        """Judge the pending humps again, with a new level."""
        humps, self._pending = self._pending, []
        self._level = self._last_height = level
        self._noise = NOISE_AT_START * level
        self._heights = [level] * LEVEL_BEATS
        self._last, self._rhythm = humps[0][0] - T_GUARD_END_S * self._rate, False
        self._tried = float(humps[-1][0])
        found: list[int] = []
        for hump in humps:
            found += self.advance(hump[0]) + self._judge(hump)
        return found

    def dump(self) -> dict[str, Samples]:
        """The whole state, as arrays."""
        scalars = (self._level, self._noise, self._last_height, self._last, self._tried, self._rr)
        return {
            "scalars": np.array([*scalars, float(self._rhythm)]),
            "heights": np.array(self._heights, dtype=np.float64),
            "intervals": np.array(self._intervals, dtype=np.float64),
            "pending": np.array(self._pending, dtype=np.float64).reshape(-1, 3),
        }

    def load(self, state: dict[str, Samples]) -> None:
        """Go on from a dumped state."""
        *scalars, rhythm = state["scalars"].tolist()
        self._level, self._noise, self._last_height, self._last, self._tried, self._rr = scalars
        self._rhythm = bool(rhythm)
        self._heights = state["heights"].tolist()
        self._intervals = state["intervals"].tolist()
        self._pending = [(int(i), float(h), int(r)) for i, h, r in state["pending"]]
