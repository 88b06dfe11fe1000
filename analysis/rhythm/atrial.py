"""Suspected atrial fibrillation (or flutter with changing block), and sinus rhythm.

Irregularity is the share of successive RR differences over 10 % of the mean RR interval; ectopic
beats and the intervals beside them are left out, for they are what such measures take for
fibrillation (Zhou 2015, doi:10.1371/journal.pone.0136544). The second witness is the P wave: in
sinus rhythm the stretch before each QRS repeats itself, in fibrillation it does not. An episode
lasts 30 s at least (ESC 2020, doi:10.1093/eurheartj/ehaa612). Limits were chosen on DS1. Flutter
with constant block is regular and is not found.
"""

from dataclasses import dataclass, field
from itertools import pairwise

from analysis.rhythm.mark import Mark
from analysis.rhythm.spell import Spell
from core.ecg import BeatClass, RhythmKind, RhythmSpan

WINDOW_BEATS = 32
LEAST_BEATS = 10
"""Sinus rhythm may be told from so many beats on; fibrillation takes the whole window."""
STEP_SHARE = 0.10
IRREGULAR_FROM, IRREGULAR_STAYS = 0.50, 0.40
"""Share of irregular steps from which fibrillation is suspected, and above which it stays so."""
P_WAVE_FROM, P_WAVE_STAYS = 0.45, 0.55
"""Mean likeness of the stretch before the QRS below which there is no steady P wave."""
SINUS_P_WAVE = 0.50
LEAST_STEPS = 6
LEAST_S = 30.0
_CONDUCTED = (BeatClass.NORMAL, BeatClass.SUPRAVENTRICULAR)


@dataclass(slots=True)
class Atrial:
    """The last WINDOW_BEATS beats, the rhythm that they may be of, and where one ended last."""

    window: list[list[float]] = field(default_factory=list)
    kind: RhythmKind | None = None
    spell: Spell | None = None
    until: int | None = None

    def push(self, mark: Mark, ventricular: bool, rate_hz: float) -> list[RhythmSpan]:
        """Take the next beat; the spans that it ends."""
        ended = self.end(rate_hz) if mark.rr_s is None else []
        conducted = not ventricular and (mark.beat_class or BeatClass.NORMAL) in _CONDUCTED
        p_alike = -2.0 if mark.p_alike is None else mark.p_alike
        row = [mark.sample_index, mark.rr_s or 0.0, float(conducted), p_alike]
        self.window = [*self.window[1 - WINDOW_BEATS :], row]
        kind = self._decide()
        if kind is self.kind and self.spell is not None:
            self.spell.extend(mark.sample_index)
        elif kind is not self.kind:
            ended += self._change(kind, rate_hz)
        return ended

    def end(self, rate_hz: float) -> list[RhythmSpan]:
        """End here, as at a gap."""
        ended = self.open(rate_hz)
        self.window, self.kind, self.spell, self.until = [], None, None, None
        return ended

    def open(self, rate_hz: float) -> list[RhythmSpan]:
        """The rhythm that goes on, if it has lasted."""
        if self.spell is None or self.kind is None:
            return []
        span = self.spell.span(self.kind, rate_hz)
        lasts = span.stop_sample - span.first_sample >= LEAST_S * rate_hz
        return [span] if lasts or self.kind is RhythmKind.SINUS else []

    def _change(self, kind: RhythmKind | None, rate_hz: float) -> list[RhythmSpan]:
        """From one rhythm to the next: at the window's middle, or its start after a gap."""
        rows = self.window
        middle = 0 if self.spell is None and self.until is None else len(rows) // 2
        ended: list[RhythmSpan] = []
        if self.spell is not None:
            self.spell.beats -= len(rows) - 2 - middle
            self.spell.last = self.until = int(rows[middle][0])
            ended = self.open(rate_hz) if self.spell.last > self.spell.first else []
        self.kind, self.spell = kind, None
        if kind is not None:
            first = int(rows[middle][0])
            self.spell = Spell(first, max(first, int(rows[-1][0])), len(rows) - middle)
        return ended

    def _decide(self) -> RhythmKind | None:
        if len(self.window) < LEAST_BEATS:
            return None
        irregular, p_wave = irregularity(self.window), likeness(self.window)
        if irregular is None or p_wave is None:
            return None
        stays = self.kind is RhythmKind.ATRIAL_FIBRILLATION
        whole = len(self.window) == WINDOW_BEATS or stays
        from_share, from_p = IRREGULAR_FROM, P_WAVE_FROM
        if stays:
            from_share, from_p = IRREGULAR_STAYS, P_WAVE_STAYS
        if irregular >= from_share and p_wave < from_p:
            return RhythmKind.ATRIAL_FIBRILLATION if whole else None
        return RhythmKind.SINUS if irregular < from_share and p_wave >= SINUS_P_WAVE else None


def irregularity(window: list[list[float]]) -> float | None:
    """Share of irregular steps between intervals of conducted beats only; None with too few.

    ``window`` rows: sample index, RR in s (0: none), 1.0 for a conducted beat, P likeness.
    """
    rr_s: list[float | None] = [
        row[1] if row[1] > 0 and row[2] and before[2] else None for before, row in pairwise(window)
    ]
    known = [rr for rr in rr_s if rr is not None]
    steps = [abs(b - a) for a, b in pairwise(rr_s) if a is not None and b is not None]
    if len(steps) < LEAST_STEPS:
        return None
    limit_s = STEP_SHARE * sum(known) / len(known)
    return sum(step > limit_s for step in steps) / len(steps)


def likeness(window: list[list[float]]) -> float | None:
    """Mean P likeness of the conducted beats (-1 to 1), None with too few."""
    known = [row[3] for row in window if row[2] and row[3] >= -1.0]
    return sum(known) / len(known) if len(known) >= LEAST_STEPS else None
