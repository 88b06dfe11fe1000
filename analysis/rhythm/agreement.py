"""Whether the beats of a ventricular run look alike, whatever the network calls them.

Beats of one focus have one shape; what noise makes of normal beats has a new one each time. A run
whose successive QRS complexes do not correlate (Orphanidou 2015, doi:10.1109/JBHI.2014.2338351, on
templates) is told, but not as verified. Chosen on DS1, each patient told by networks that know
nothing of them, and on DS1 with electrode motion added (model/MODEL_CARD.md, what was tried).
"""

from dataclasses import dataclass, field

import numpy as np

from analysis.rhythm.usual import Window, correlation
from core.ecg import RhythmKind, RhythmSpan

ALIKE_FROM = 0.5
"""The least mean correlation of each QRS with the one before it in a run that is verified."""
MOST_BEATS = 32
"""Beats remembered, the latest: a longer run is judged by its end."""
_RUNS = (RhythmKind.VENTRICULAR_RUN, RhythmKind.VENTRICULAR_TACHYCARDIA)


@dataclass(slots=True)
class Agreement:
    """The last QRS, and of the last beats where they lay (``at``) and how like the one before."""

    before: Window = field(default_factory=lambda: np.empty(0))
    at: list[int] = field(default_factory=list)
    alike: list[float] = field(default_factory=list)

    def see(self, sample_index: int, qrs: Window) -> None:
        """Take the next beat; one that cannot be compared says nothing."""
        alike, self.before = correlation(self.before, qrs), qrs
        if alike is not None:
            self.at = [*self.at, sample_index][-MOST_BEATS:]
            self.alike = [*self.alike, round(alike, 2)][-MOST_BEATS:]

    def bears_out(self, span: RhythmSpan) -> bool:
        """Whether the signal says nothing against a span: of other kinds, it never does."""
        if span.kind not in _RUNS:
            return True
        inside = [
            alike
            for at, alike in zip(self.at, self.alike, strict=True)
            if span.first_sample < at < span.stop_sample
        ]
        return not inside or sum(inside) >= ALIKE_FROM * len(inside)
