"""Whether the reference bears an alert out, and whether what had to ring has rung.

An alert is held against the reference where its basis lies. Ventricular fibrillation: flutter
is marked there. Asystole and pause: two successive reference beats there are 3 s apart (less the
150 ms by which EC57 lets beats differ). Ventricular tachycardia and run: a reference run of as
many beats (and as fast) as the kind says, fusion beats among them or not, for EC57 does not count
those as errors. Rates: the reference's mean rate there lies beyond the limit at which the alert
closes. Atrial fibrillation: the reference's rhythm is AFIB or AFL for
at least half of it. Abnormal beats: the reference calls at least half of the last ten abnormal.
Whatever lies in ventricular flutter is true. Technical alerts are not judged: no annotation tells.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from analysis.alarms.policy import AlertPolicy
from core.alerts import TECHNICAL, Alert, AlertKind, Priority
from core.ecg import BeatClass, RhythmKind
from model.rhythm_reference import RhythmReference, Run, Seconds, meets

PAUSE_S, MATCH_S = 3.0, 0.15
RUN_BEATS, VT_BEATS, FAST_PER_MIN = 3, 5, 100.0
IN_TIME_S = 10.0
LONG_RUNS, FAST_RUNS, PAUSES = "runs-of-5", "fast-runs-of-3", "pauses"
_FLUTTER = RhythmKind.VENTRICULAR_FIBRILLATION
_VENTRICULAR = frozenset(
    {
        AlertKind.VENTRICULAR_RUN,
        AlertKind.VENTRICULAR_TACHYCARDIA,
        AlertKind.VENTRICULAR_FIBRILLATION,
    }
)
_STANDSTILL = frozenset({AlertKind.PAUSE, AlertKind.ASYSTOLE})
_MINUTES = 60.0
_MAY_PASS = frozenset({BeatClass.VENTRICULAR, BeatClass.FUSION})


@dataclass(frozen=True, slots=True)
class Rung:
    """An alert as it stood last, from when to when it was on, all in s of the record.

    ``since_s`` is when the condition began, ``basis_s`` where its evidence lies; ``told_s`` when
    the first chunk that told of it was complete, ``told_loud_s`` when it first had
    high or medium priority (None: never).
    """

    alert: Alert
    since_s: float
    basis_s: Seconds
    told_s: float
    told_loud_s: float | None
    until_s: float


@dataclass(frozen=True, slots=True)
class Missed:
    """Of ``reference`` events ``rung`` rang at all, ``loud`` at high or medium priority.

    ``in_time`` rang within IN_TIME_S of their onset, ``loud_in_time`` at such priority;
    ``latest_s`` is the longest time it took.
    """

    reference: int
    rung: int
    loud: int
    in_time: int
    loud_in_time: int
    latest_s: float | None


def is_true(rung: Rung, reference: RhythmReference, policy: AlertPolicy) -> bool | None:
    """Whether the reference bears the alert out; None for a technical one."""
    kind, span = rung.alert.kind, rung.basis_s
    if kind in TECHNICAL:
        return None
    if meets(span, reference.spans[_FLUTTER]):
        return True
    if kind in _STANDSTILL:
        return meets(span, _standstills(reference, PAUSE_S - MATCH_S))
    if kind in _VENTRICULAR:
        return meets(span, (run.seconds for run in _runs(kind, reference)))
    if kind is AlertKind.ATRIAL_FIBRILLATION:
        covered = sum(_shared(span, af) for af in reference.spans[RhythmKind.ATRIAL_FIBRILLATION])
        return 2 * covered >= span[1] - span[0]
    if kind is AlertKind.ABNORMAL_BEATS:
        return _mostly_abnormal(rung.since_s, reference, policy.row(kind).n)
    return _rate_is_beyond(kind, span, reference, policy)


def _standstills(reference: RhythmReference, least_s: float) -> list[Seconds]:
    beats = reference.beats_s.tolist()
    return [(a, b) for a, b in pairwise(beats) if b - a >= least_s]


def _runs(kind: AlertKind, reference: RhythmReference) -> list[Run]:
    """The reference's chains of V and F that a kind may be told of; EC57 lets F pass for V."""
    if kind is AlertKind.VENTRICULAR_FIBRILLATION:
        return []
    found: list[Run] = []
    times = [*reference.beats_s.tolist(), float("inf")]
    classes = [*reference.classes, BeatClass.NORMAL]
    start: int | None = None
    for i, beat_class in enumerate(classes):
        if beat_class in _MAY_PASS:
            start = i if start is None else start
        elif start is not None:
            lasted_s = times[i - 1] - times[start]
            per_min = _MINUTES * (i - 1 - start) / lasted_s if lasted_s else None
            found.append(Run((times[start], times[i]), i - start, per_min))
            start = None
    if kind is AlertKind.VENTRICULAR_RUN:
        return [run for run in found if run.beats >= RUN_BEATS]
    return [run for run in found if run.beats >= VT_BEATS and _is_fast(run)]


def _is_fast(run: Run) -> bool:
    return (run.per_min or 0.0) >= FAST_PER_MIN


def _shared(one: Seconds, other: Seconds) -> float:
    return max(0.0, min(one[1], other[1]) - max(one[0], other[0]))


def _mostly_abnormal(at_s: float, reference: RhythmReference, n: int) -> bool:
    past = int(np.searchsorted(reference.beats_s, at_s + MATCH_S))
    last = reference.classes[max(0, past - n) : past]
    return bool(last) and 2 * sum(kind is not BeatClass.NORMAL for kind in last) >= len(last)


def _rate_is_beyond(
    kind: AlertKind, span: Seconds, reference: RhythmReference, policy: AlertPolicy
) -> bool:
    inside = reference.beats_s[
        (reference.beats_s >= span[0] - MATCH_S) & (reference.beats_s <= span[1] + MATCH_S)
    ]
    if len(inside) < 2:
        return False
    per_min, row = _MINUTES / float(np.diff(inside).mean()), policy.row(kind)
    is_fast = row.closes_at < row.above_per_min
    return per_min >= row.closes_at if is_fast else per_min <= row.closes_at


def events(reference: RhythmReference) -> dict[str, list[Seconds]]:
    """What has to ring: long runs, fast runs and pauses, outside ventricular flutter."""
    flutter = reference.spans[_FLUTTER]
    runs = [run for run in reference.runs if not meets(run.seconds, flutter)]
    return {
        LONG_RUNS: [run.seconds for run in runs if run.beats >= VT_BEATS],
        FAST_RUNS: [run.seconds for run in runs if _is_fast(run)],
        PAUSES: [s for s in reference.spans[RhythmKind.PAUSE] if not meets(s, flutter)],
    }


def missed(reference: RhythmReference, rungs: Sequence[Rung]) -> dict[str, Missed]:
    """Each measure of one record; an event within an alert that is open already has rung."""
    return {
        name: _count(spans, [r for r in rungs if r.alert.kind in kinds])
        for (name, spans), kinds in zip(
            events(reference).items(), (_VENTRICULAR, _VENTRICULAR, _STANDSTILL), strict=True
        )
    }


def _count(spans: Iterable[Seconds], rungs: Sequence[Rung]) -> Missed:
    times: list[float | None] = []
    loud: list[float | None] = []
    for start, stop in spans:
        here = [r for r in rungs if r.since_s - MATCH_S < stop and r.until_s > start]
        times.append(_soonest([r.told_s for r in here], start))
        loud.append(_soonest([r.told_loud_s for r in here], start))
    took = [t for t in times if t is not None]
    aloud = [t for t in loud if t is not None]
    return Missed(
        len(times),
        len(took),
        len(aloud),
        sum(t <= IN_TIME_S for t in took),
        sum(t <= IN_TIME_S for t in aloud),
        max(took, default=None),
    )


def _soonest(told_s: Iterable[float | None], start_s: float) -> float | None:
    return min((max(t - start_s, 0.0) for t in told_s if t is not None), default=None)


def is_loud(priority: Priority) -> bool:
    """High or medium: someone is called."""
    return priority is not Priority.LOW
