"""Ventricular tachycardia by the shape of QRS complexes, with no class of any beat.

Five complexes in a row, faster than 100 per minute (CinC 2015 challenge), broad, unlike the usual
one and like each other. Limits were chosen on DS1. A tachycardia whose complexes look like the
usual ones in this lead is left to the network's classes.
"""

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from analysis.rhythm.ectopy import VT_ABOVE_PER_MIN, VT_BEATS
from analysis.rhythm.spell import Spell
from analysis.rhythm.usual import SHARE, Window, correlation, window
from core.ecg import RhythmKind, RhythmSpan

BEFORE_S, AFTER_S = 0.16, 0.24
USUAL_FROM = 0.85
UNLIKE_BELOW, UNLIKE_IF_BROADER = 0.60, 0.75
"""The correlation with the usual complex below which one is another; the second where it is also
BROADER times as broad."""
BROADER = 2.0
LIKE_EACH_OTHER = 0.30
BROAD_SHARE = 0.15
"""Share of the window (400 ms) in which a broad complex is beyond BROAD_LEVEL of its largest."""
BROAD_LEVEL = 0.35
ANEW_AFTER = 30
"""After so many beats unlike the usual one, the latest is the usual one: a lead has moved.
Not during a tachycardia, which would end by lasting."""


@dataclass(slots=True)
class Wide:
    """The usual QRS, the beat before, and the fast broad beats in a row."""

    usual: Window = field(default_factory=lambda: np.empty(0))
    before: Window = field(default_factory=lambda: np.empty(0))
    last: int | None = None
    unlike: int = 0
    spell: Spell | None = None

    def push(
        self, signal: npt.NDArray[np.float64], at: int, sample_index: int, rate_hz: float
    ) -> list[RhythmSpan]:
        """Take the R peak at position ``at`` of ``signal``; the tachycardia that it ends."""
        qrs = window(signal, at, BEFORE_S, AFTER_S, rate_hz)
        usual, each = correlation(self.usual, qrs), correlation(self.before, qrs)
        rr_s = None if self.last is None else (sample_index - self.last) / rate_hz
        self.before, self.last = qrs, sample_index
        broad = usual is not None and self._is_other(qrs, usual)
        self._learn(qrs, usual)
        fast = rr_s is not None and rr_s < 60 / VT_ABOVE_PER_MIN
        if broad and fast and self.spell is not None and (each or 0.0) > LIKE_EACH_OTHER:
            self.spell.extend(sample_index)
            return []
        ended = self.end(rate_hz, sample_index)
        self.spell = Spell(sample_index, sample_index) if broad else None
        return ended

    def end(self, rate_hz: float, stop: int | None = None) -> list[RhythmSpan]:
        """End the row of beats at ``stop``, None at a gap."""
        ended = self.open(rate_hz, stop)
        self.spell = None
        return ended

    def open(self, rate_hz: float, stop: int | None = None) -> list[RhythmSpan]:
        """The tachycardia that goes on."""
        if self.spell is None or self.spell.beats < VT_BEATS:
            return []
        return [self.spell.span(RhythmKind.VENTRICULAR_TACHYCARDIA, rate_hz, stop)]

    def _is_other(self, qrs: Window, alike: float) -> bool:
        if alike >= UNLIKE_IF_BROADER:
            return False
        breadth = _breadth(qrs)
        broader = breadth >= BROADER * _breadth(self.usual)
        return breadth >= BROAD_SHARE and alike < (UNLIKE_IF_BROADER if broader else UNLIKE_BELOW)

    def _learn(self, qrs: Window, alike: float | None) -> None:
        self.unlike = 0 if (alike or 0.0) >= USUAL_FROM else self.unlike + 1
        anew = self.unlike > ANEW_AFTER and not self.open(1.0)
        if len(self.usual) != len(qrs) or anew:
            self.usual, self.unlike = (qrs, 0) if len(qrs) else (self.usual, self.unlike)
        elif self.unlike == 0:
            self.usual = self.usual + SHARE * (qrs - self.usual)


def _breadth(qrs: Window) -> float:
    ordered = np.sort(qrs)
    # The median, without the price of np.median on fifty samples.
    middle = (ordered[(len(qrs) - 1) // 2] + ordered[len(qrs) // 2]) / 2
    away = np.abs(qrs - middle)
    return int(np.count_nonzero(away > BROAD_LEVEL * away.max())) / len(qrs)
