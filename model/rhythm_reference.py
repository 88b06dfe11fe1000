"""The rhythms of a WFDB record as its reference annotations tell them.

Rhythm changes and flutter marks: https://physionet.org/physiotools/wag/annot-5.htm. What the
annotators did not mark by itself (couplets, runs, pauses, slow and fast stretches) follows from
the reference beats, by the very definitions that are served.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt

from analysis.rhythm.mark import Mark
from analysis.rhythm.tracker import episodes
from core.ecg import BeatClass, RhythmKind
from core.errors import Incorrect
from model.ec57 import FLUTTER_BEGIN, FLUTTER_END
from model.labels import AAMI_CLASS

Seconds = tuple[float, float]
NOISE, UNREADABLE = "~", -1
"""A change of signal quality, and the subtype from which on nothing could be read."""

ANNOTATED = {
    "(AFIB": RhythmKind.ATRIAL_FIBRILLATION,
    "(AFL": RhythmKind.ATRIAL_FIBRILLATION,
    "(B": RhythmKind.BIGEMINY,
    "(T": RhythmKind.TRIGEMINY,
    "(P": RhythmKind.PACED,
    "(N": RhythmKind.SINUS,
    "(SBR": RhythmKind.SINUS,
    "(VFL": RhythmKind.VENTRICULAR_FIBRILLATION,
}
FROM_BEATS = frozenset(
    {
        RhythmKind.COUPLET,
        RhythmKind.VENTRICULAR_RUN,
        RhythmKind.VENTRICULAR_TACHYCARDIA,
        RhythmKind.SUPRAVENTRICULAR_RUN,
        RhythmKind.PAUSE,
        RhythmKind.ASYSTOLE,
        RhythmKind.BRADYCARDIA,
        RhythmKind.TACHYCARDIA,
    }
)


@dataclass(frozen=True, slots=True)
class Run:
    """Three ventricular beats or more in a row: from the first to the beat after, and the rate."""

    seconds: Seconds
    beats: int
    per_min: float | None


@dataclass(frozen=True, slots=True, eq=False)
class RhythmReference:
    """Spans of each kind in seconds, the beats' times (float64[n], s) and their classes.

    ``runs`` are the ventricular ones.
    """

    spans: dict[RhythmKind, list[Seconds]]
    beats_s: npt.NDArray[np.float64]
    classes: tuple[BeatClass, ...]
    runs: tuple[Run, ...] = ()


def rhythm_reference(record: Path) -> RhythmReference:
    """Read the ``atr`` annotation of the record at ``record`` (no suffix).

    Raises Incorrect if it cannot be read.
    """
    import wfdb  # pandas and matplotlib hang on it: loaded only when a record is read

    try:
        marks, header = wfdb.rdann(str(record), "atr"), wfdb.rdheader(str(record))
    except (OSError, ValueError) as error:
        raise Incorrect(f"no readable WFDB annotations at {record}: {error}") from error
    rate_hz, end_s = float(header.fs), header.sig_len / header.fs
    at_s = (marks.sample / rate_hz).tolist()
    beats = [
        (t, BeatClass(AAMI_CLASS[symbol]))
        for t, symbol in zip(at_s, marks.symbol, strict=True)
        if symbol in AAMI_CLASS
    ]
    spans = {kind: list[Seconds]() for kind in RhythmKind}
    changes = [
        (t, note.rstrip("\x00"))
        for t, symbol, note in zip(at_s, marks.symbol, marks.aux_note, strict=True)
        if symbol == "+"
    ]
    for (start_s, name), (stop_s, _) in pairwise([*changes, (end_s, "")]):
        if name in ANNOTATED:
            spans[ANNOTATED[name]].append((start_s, stop_s))
    begins = [t for t, symbol in zip(at_s, marks.symbol, strict=True) if symbol == FLUTTER_BEGIN]
    ends = [t for t, symbol in zip(at_s, marks.symbol, strict=True) if symbol == FLUTTER_END]
    flutter = spans[RhythmKind.VENTRICULAR_FIBRILLATION]
    flutter += zip(begins, [*ends, end_s], strict=False)
    spans = {kind: _joined(found) for kind, found in spans.items()}
    noise = [
        (t, subtype)
        for t, s, subtype in zip(at_s, marks.symbol, marks.subtype, strict=True)
        if s == NOISE
    ]
    blind = [
        (start_s, stop_s)
        for (start_s, subtype), (stop_s, _) in pairwise([*noise, (end_s, 0)])
        if subtype == UNREADABLE
    ]
    runs = _from_beats(spans, beats, rate_hz, blind)
    times = np.array([t for t, _ in beats], dtype=np.float64)
    return RhythmReference(spans, times, tuple(kind for _, kind in beats), runs)


def _from_beats(
    spans: dict[RhythmKind, list[Seconds]],
    beats: list[tuple[float, BeatClass]],
    rate_hz: float,
    blind: list[Seconds],
) -> tuple[Run, ...]:
    """Add what follows from the beats; no interval straddles what has no marks.

    That is flutter, and ``blind`` stretches, in which the annotators could not read the signal.
    """
    unmarked = [*spans[RhythmKind.VENTRICULAR_FIBRILLATION], *blind]
    marks: list[Mark] = []
    before_s: float | None = None
    for t, kind in beats:
        apart = before_s is None or any(before_s <= stop and t >= start for start, stop in unmarked)
        rr_s = None if apart or before_s is None else t - before_s
        marks.append(Mark(round(t * rate_hz), rr_s, kind))
        before_s = t
    runs: list[Run] = []
    for span in episodes(marks, rate_hz):
        seconds = span.first_sample / rate_hz, span.stop_sample / rate_hz
        if span.kind in FROM_BEATS:
            spans[span.kind].append(seconds)
        if span.kind is RhythmKind.VENTRICULAR_RUN:
            runs.append(Run(seconds, span.beats, span.rate_per_min))
    return tuple(runs)


def meets(span: Seconds, others: Iterable[Seconds]) -> bool:
    """Whether ``span`` overlaps any of the others."""
    return any(span[0] < stop and span[1] > start for start, stop in others)


def _joined(spans: list[Seconds]) -> list[Seconds]:
    """Spans that touch or overlap, as one: a change of flutter's name is no new episode."""
    found: list[Seconds] = []
    for start, stop in sorted(spans):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(stop, found[-1][1]))
        else:
            found.append((start, stop))
    return found
