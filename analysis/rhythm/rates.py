"""Rhythms out of RR intervals alone: slow, fast, pauses.

Asystole: no beat for 4 s (CinC 2015 challenge). Pause: over 3 s (ACC/AHA/HRS 2018 bradycardia
guideline, doi:10.1161/CIR.0000000000000628). Bradycardia is below 50 per minute (same source),
over 5 beats as in the challenge; tachycardia above 100 per minute over 17 beats.
"""

from dataclasses import dataclass, field

from analysis.rhythm.mark import Mark
from analysis.rhythm.spell import Spell
from core.ecg import RhythmKind, RhythmSpan

PAUSE_S = 3.0
ASYSTOLE_S = 4.0
BRADYCARDIA_BELOW_PER_MIN, BRADYCARDIA_BEATS = 50.0, 5
TACHYCARDIA_ABOVE_PER_MIN, TACHYCARDIA_BEATS = 100.0, 17
BRADYCARDIA_ENDS_PER_MIN, TACHYCARDIA_ENDS_PER_MIN = 55.0, 95.0
"""Where they end: a rate at the limit does not begin a rhythm anew with each breath."""
MEAN_OF = 5
"""A rate is the mean over so many intervals, so that no single beat makes or ends a rhythm."""


def standstill(mark: Mark, rate_hz: float) -> list[RhythmSpan]:
    """The pause, and from ASYSTOLE_S on the asystole too, between a beat and the one before."""
    if mark.rr_s is None or mark.rr_s < PAUSE_S:
        return []
    first = max(0, mark.sample_index - round(mark.rr_s * rate_hz))
    kinds = [RhythmKind.PAUSE]
    if mark.rr_s >= ASYSTOLE_S:
        kinds.append(RhythmKind.ASYSTOLE)
    return [RhythmSpan(kind, first, mark.sample_index, 0, None, verified=True) for kind in kinds]


@dataclass(slots=True)
class Pace:
    """The last MEAN_OF intervals in s, and the slow or fast spell that may be going on."""

    recent_s: list[float] = field(default_factory=list)
    kind: RhythmKind | None = None
    spell: Spell | None = None

    def push(self, mark: Mark, rate_hz: float) -> list[RhythmSpan]:
        """Take the next beat; the spans that it ends."""
        if mark.rr_s is None:
            return self.end(rate_hz)
        self.recent_s = [*self.recent_s[1 - MEAN_OF :], mark.rr_s]
        kind = self._kind() if len(self.recent_s) == MEAN_OF else None
        if kind is self.kind:
            if self.spell is not None:
                self.spell.extend(mark.sample_index)
            return []
        ended = self._close(rate_hz, mark.sample_index)
        if kind is not None:
            first = mark.sample_index - round(sum(self.recent_s) * rate_hz)
            self.kind, self.spell = kind, Spell(first, mark.sample_index, MEAN_OF + 1)
        return ended

    def end(self, rate_hz: float) -> list[RhythmSpan]:
        """End here, as at a gap."""
        ended = self._close(rate_hz, None)
        self.recent_s = []
        return ended

    def open(self, rate_hz: float, stop: int | None = None) -> list[RhythmSpan]:
        """The spell that goes on, if it is long enough."""
        fast = self.kind is RhythmKind.TACHYCARDIA
        least = TACHYCARDIA_BEATS if fast else BRADYCARDIA_BEATS
        if self.spell is None or self.kind is None or self.spell.beats < least:
            return []
        return [self.spell.span(self.kind, rate_hz, stop)]

    def _close(self, rate_hz: float, stop: int | None) -> list[RhythmSpan]:
        ended = self.open(rate_hz, stop)
        self.kind, self.spell = None, None
        return ended

    def _kind(self) -> RhythmKind | None:
        per_min = 60 * MEAN_OF / max(sum(self.recent_s), 1e-3)
        slow, fast = BRADYCARDIA_BELOW_PER_MIN, TACHYCARDIA_ABOVE_PER_MIN
        if self.kind is RhythmKind.BRADYCARDIA:
            slow = BRADYCARDIA_ENDS_PER_MIN
        elif self.kind is RhythmKind.TACHYCARDIA:
            fast = TACHYCARDIA_ENDS_PER_MIN
        if per_min < slow:
            return RhythmKind.BRADYCARDIA
        return RhythmKind.TACHYCARDIA if per_min > fast else None
