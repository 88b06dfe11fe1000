"""What a record's reference says besides its beats: rhythm, and noise on its first signal.

Rhythm changes are "+" annotations; signal quality changes are "~", whose subtype has a bit for
each noisy signal, or is -1 when nothing can be read
(https://physionet.org/physiotools/wag/annot-5.htm). MIT-BIH has no rhythm mark for noise.
"""

from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import wfdb

QUALITY_CHANGE, RHYTHM_CHANGE = "~", "+"
FIRST_SIGNAL = 0b0001_0001
"""Bits of the subtype: the first signal is noisy, or unreadable."""

Span = tuple[float, float, str]


@dataclass(frozen=True, slots=True)
class Marks:
    """Spans (begin, end, name) in seconds from the record's start, in order of time."""

    noise: tuple[Span, ...]
    rhythms: tuple[Span, ...]

    def noisy_s(self, begin_s: float, end_s: float) -> float:
        """For how many seconds of [``begin_s``, ``end_s``) noise is marked."""
        return sum(_overlap(span, begin_s, end_s) for span in self.noise)

    def rhythms_in(self, begin_s: float, end_s: float, least_s: float) -> frozenset[str]:
        """The rhythms that last ``least_s`` or more of [``begin_s``, ``end_s``)."""
        spans = self.rhythms
        return frozenset(s[2] for s in spans if _overlap(s, begin_s, end_s) >= least_s)


def reference_marks(record: Path) -> Marks:
    """The marks of the WFDB record at ``record`` (no suffix), annotator ``atr``."""
    read = wfdb.rdann(str(record), "atr")
    at_s = (np.asarray(read.sample) / wfdb.rdheader(str(record)).fs).tolist()
    quality: list[tuple[float, str]] = []
    rhythm: list[tuple[float, str]] = []
    for moment, symbol, subtype, note in zip(
        at_s, read.symbol, read.subtype, read.aux_note, strict=True
    ):
        if symbol == QUALITY_CHANGE:
            quality.append((moment, "noise" if subtype & FIRST_SIGNAL else ""))
        elif symbol == RHYTHM_CHANGE and note.startswith("("):
            rhythm.append((moment, note.strip("(\0 ")))
    return Marks(_spans(quality), _spans(rhythm))


def _spans(changes: list[tuple[float, str]]) -> tuple[Span, ...]:
    following = pairwise([*changes, (float("inf"), "")])
    return tuple((begin, end, name) for (begin, name), (end, _) in following if name)


def _overlap(span: Span, begin_s: float, end_s: float) -> float:
    return max(0.0, min(span[1], end_s) - max(span[0], begin_s))
