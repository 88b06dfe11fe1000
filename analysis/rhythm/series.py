"""Rhythms that are so many beats of one class in a row: supraventricular runs, paced rhythm.

A supraventricular run is three beats of class S or more (WFDB ``rxr``,
https://physionet.org/physiotools/wag/eval0.htm). Paced rhythm is told from class Q, where EC57
puts paced beats: it takes a network that knows them.
"""

from dataclasses import dataclass

from analysis.rhythm.spell import Spell
from core.ecg import RhythmKind, RhythmSpan

LEAST_BEATS = {RhythmKind.SUPRAVENTRICULAR_RUN: 3, RhythmKind.PACED: 10}


@dataclass(slots=True)
class Series:
    """The row of beats that may be going on."""

    kind: RhythmKind
    spell: Spell | None = None

    def push(self, sample_index: int, belongs: bool, rate_hz: float) -> list[RhythmSpan]:
        """Take the next beat; the span that it ends."""
        if not belongs:
            return self.end(rate_hz, sample_index)
        if self.spell is None:
            self.spell = Spell(sample_index, sample_index)
        else:
            self.spell.extend(sample_index)
        return []

    def end(self, rate_hz: float, stop: int | None = None) -> list[RhythmSpan]:
        """End the row at the beat ``stop``, None at a gap."""
        ended = self.open(rate_hz, stop)
        self.spell = None
        return ended

    def open(self, rate_hz: float, stop: int | None = None) -> list[RhythmSpan]:
        """The row, if it is long enough."""
        if self.spell is None or self.spell.beats < LEAST_BEATS[self.kind]:
            return []
        return [self.spell.span(self.kind, rate_hz, stop)]
