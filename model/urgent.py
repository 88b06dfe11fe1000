"""What of a record must not be missed: ventricular runs and pauses, found and told in time.

Runs of five beats or more, whatever their rate, are to be told within 10 s of their first beat
(ANSI/AAMI EC13); of runs of three or more at 100 per minute or faster, 90 % are to be found; of
pauses of 3 s or more, all. Runs are those of the reference's beats (``rxr``,
https://physionet.org/physiotools/wag/eval0.htm); what lies in ventricular flutter is left out.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from analysis.rhythm.ectopy import VT_BEATS
from core.ecg import RhythmKind
from model.rhythm_reference import RhythmReference, Run, Seconds, meets
from model.rhythm_told import Told

LONG_RUNS, FAST_RUNS, PAUSES = "runs-of-5", "fast-runs-of-3", "pauses"
FAST_FROM_PER_MIN = 100.0
IN_TIME_S = 10.0
WANTED = {LONG_RUNS: 1.0, FAST_RUNS: 0.9, PAUSES: 1.0}
"""Shares that are to be found; of the first, in time."""
_RUNS = (RhythmKind.VENTRICULAR_RUN, RhythmKind.VENTRICULAR_TACHYCARDIA)
_STOPS = (RhythmKind.PAUSE, RhythmKind.ASYSTOLE)


@dataclass(frozen=True, slots=True)
class Caught:
    """Of ``reference`` episodes ``found`` were told, ``in_time`` of them within IN_TIME_S.

    ``latest_s``: the longest time from an onset to the end of the chunk that told of it.
    """

    reference: int = 0
    found: int = 0
    in_time: int = 0
    latest_s: float | None = None

    def __add__(self, other: "Caught") -> "Caught":
        times = [t for t in (self.latest_s, other.latest_s) if t is not None]
        return Caught(
            self.reference + other.reference,
            self.found + other.found,
            self.in_time + other.in_time,
            max(times, default=None),
        )


def caught(reference: RhythmReference, told: Sequence[Told]) -> dict[str, Caught]:
    """The three measures of one record."""
    flutter = reference.spans[RhythmKind.VENTRICULAR_FIBRILLATION]
    runs = [run for run in reference.runs if not meets(run.seconds, flutter)]
    pauses = [span for span in reference.spans[RhythmKind.PAUSE] if not meets(span, flutter)]
    return {
        LONG_RUNS: _count((r.seconds for r in runs if r.beats >= VT_BEATS), told, _RUNS),
        FAST_RUNS: _count((r.seconds for r in runs if _is_fast(r)), told, _RUNS),
        PAUSES: _count(pauses, told, _STOPS),
    }


def _is_fast(run: Run) -> bool:
    return run.per_min is not None and run.per_min >= FAST_FROM_PER_MIN


def _count(truth: Iterable[Seconds], told: Sequence[Told], kinds: tuple[RhythmKind, ...]) -> Caught:
    spans = list(truth)
    of_kind = [t for t in told if t.span.kind in kinds]
    found = [[t.told_s for t in of_kind if meets(t.seconds, [span])] for span in spans]
    late = [min(at) - span[0] for span, at in zip(spans, found, strict=True) if at]
    in_time = sum(s <= IN_TIME_S for s in late)
    return Caught(len(spans), len(late), in_time, max(late, default=None))


def summed(counts: Iterable[Mapping[str, Caught]]) -> dict[str, Caught]:
    """The measures of several records together."""
    every = list(counts)
    return {name: sum((one[name] for one in every), Caught()) for name in WANTED}


def share(name: str, count: Caught) -> float | None:
    """The share of the reference's that counts: of long runs those told in time."""
    counted = count.in_time if name == LONG_RUNS else count.found
    return counted / count.reference if count.reference else None


def is_met(name: str, count: Caught) -> bool:
    """Whether as much was caught as is wanted; nothing to find is no success."""
    return (share(name, count) or 0.0) >= WANTED[name]
