"""Ventricular beats in patterns: couplets, runs, tachycardia, bigeminy, trigeminy.

A chain is a series of ventricular beats at equal distances, counted in beats: 1 is a run (2
beats a couplet, from 3 on a run: WFDB ``rxr``, https://physionet.org/physiotools/wag/eval0.htm;
ANSI/AAMI EC57), 2 bigeminy, 3 trigeminy. Ventricular tachycardia is a run of at least 5 beats
faster than 100 per minute (CinC 2015 challenge, https://physionet.org/content/challenge-2015/).
"""

from dataclasses import dataclass

from analysis.rhythm.spell import Spell
from core.ecg import RhythmKind, RhythmSpan

RUN_BEATS = 3
VT_BEATS = 5
VT_ABOVE_PER_MIN = 100.0
PATTERN_BEATS = {2: 3, 3: 4}
"""So many ventricular beats at a distance make a pattern: the fewest with which most episodes
found on DS1 are ones of the reference too."""
LONGEST_STEP = 3
_PATTERN = {2: RhythmKind.BIGEMINY, 3: RhythmKind.TRIGEMINY}


@dataclass(slots=True)
class Ectopy:
    """The chain that may be going on; ``step`` is its distance, 0 for a single beat so far."""

    spell: Spell | None = None
    step: int = 0
    since: int = 0

    def push(self, sample_index: int, ventricular: bool, rate_hz: float) -> list[RhythmSpan]:
        """Take the next beat; the spans that it ends."""
        self.since += 1
        if not ventricular:
            return self._pass(sample_index, rate_hz)
        ended: list[RhythmSpan] = []
        if self.spell is None:
            self.spell, self.step = Spell(sample_index, sample_index), 0
        elif self.step in (0, self.since):
            self.step = self.since
            self.spell.extend(sample_index, self.since)
        else:
            ended = self._to_single(self.spell.last, rate_hz, sample_index)
            self.step = self.since
            self.spell.extend(sample_index, self.since)
        self.since = 0
        return ended

    def end(self, rate_hz: float, stop: int | None = None) -> list[RhythmSpan]:
        """End the chain: its spans."""
        spans = self._spans(rate_hz, stop)
        self.spell, self.step, self.since = None, 0, 0
        return spans

    def open(self, rate_hz: float) -> list[RhythmSpan]:
        """What the chain amounts to so far; a couplet is one only once no third beat follows."""
        return [s for s in self._spans(rate_hz, None) if s.kind is not RhythmKind.COUPLET]

    @property
    def in_a_row(self) -> int:
        """How many beats up to the last one were ventricular without another between."""
        if self.spell is None or self.since:
            return 0
        return self.spell.beats if self.step == 1 else 1

    def _pass(self, sample_index: int, rate_hz: float) -> list[RhythmSpan]:
        """Take a beat that is not ventricular."""
        if self.spell is None or self.since < (self.step or LONGEST_STEP):
            return []
        if self.since < LONGEST_STEP:
            return self._to_single(self.spell.last, rate_hz, sample_index)
        return self.end(rate_hz, sample_index)

    def _to_single(self, last: int, rate_hz: float, stop: int) -> list[RhythmSpan]:
        """End the chain, but for its last beat, which may begin the next one."""
        since = self.since
        ended = self.end(rate_hz, stop)
        self.spell, self.since = Spell(last, last), since
        return ended

    def _spans(self, rate_hz: float, stop: int | None) -> list[RhythmSpan]:
        if self.spell is None or self.step == 0:
            return []
        kinds = _runs(self.spell, rate_hz) if self.step == 1 else _patterns(self.spell, self.step)
        return [self.spell.span(kind, rate_hz, stop) for kind in kinds]


def _runs(spell: Spell, rate_hz: float) -> list[RhythmKind]:
    if spell.beats < RUN_BEATS:
        return [RhythmKind.COUPLET]
    fast = (spell.per_min(rate_hz) or 0.0) > VT_ABOVE_PER_MIN
    tachycardia = fast and spell.beats >= VT_BEATS
    vt = [RhythmKind.VENTRICULAR_TACHYCARDIA] if tachycardia else []
    return [RhythmKind.VENTRICULAR_RUN, *vt]


def _patterns(spell: Spell, step: int) -> list[RhythmKind]:
    enough = spell.beats >= step * (PATTERN_BEATS[step] - 1) + 1
    return [_PATTERN[step]] if enough else []
