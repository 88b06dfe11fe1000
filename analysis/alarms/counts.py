"""Conditions that build up over beats and strips: rates, abnormal beats, electrodes, quality.

Each rule takes a whole strip and gives the new state, a sign if its condition holds, and which
open conditions still hold by the milder limit at which they close (hysteresis).
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import pairwise

from analysis.alarms.policy import AlertPolicy, Row
from analysis.alarms.signs import MOST_BEATS, Sign
from analysis.alarms.state import AlertState, Verdicts
from core.alerts import AlertKind
from core.ecg import Beat, StripFinding
from core.limits import Limits

Peaks = tuple[int, ...]

LONGEST_RR_S = 3.0
"""A longer interval is a pause, or a gap: no rate follows from it."""


@dataclass(frozen=True, slots=True)
class Counted:
    """What the rules say of a strip: the state after it, signs, and what has not passed yet."""

    state: AlertState
    signs: tuple[Sign, ...] = ()
    holding: frozenset[AlertKind] = frozenset()

    def also(
        self, state: AlertState, sign: Sign | None, kind: AlertKind, *, holds: bool
    ) -> "Counted":
        """With the word of one more rule."""
        signs = self.signs if sign is None else (*self.signs, sign)
        return Counted(state, signs, self.holding | {kind} if holds else self.holding)


def count(
    policy: AlertPolicy, state: AlertState, finding: StripFinding, leads_off: bool, limits: Limits
) -> Counted:
    """Let all rules take a whole strip. From an unreadable one follows neither rate nor class."""
    counted = _equipment(policy, Counted(state), finding, leads_off)
    if not finding.quality.readable:
        return replace(counted, state=replace(counted.state, peaks=()))
    counted = _abnormal(policy, counted, finding, limits)
    counted = _strip_rates(policy, counted, finding, limits)
    return _beat_rates(policy, counted, finding, limits)


def _equipment(
    policy: AlertPolicy, counted: Counted, finding: StripFinding, leads_off: bool
) -> Counted:
    poor = not finding.quality.readable and not finding.quality.is_sound
    for kind, holds, what in (
        (AlertKind.LEAD_OFF, leads_off, "leads off"),
        (AlertKind.POOR_SIGNAL, poor and not leads_off, "not readable"),
    ):
        state = counted.state.count(kind, holds=holds)
        strips, needed = state.in_a_row[kind], policy.row(kind).strips
        reasons = ", ".join(reason.value for reason in finding.quality.reasons)
        words = f"{what} ({reasons}): {finding.n_missing} of {finding.n_samples} samples missing"
        sign = _of_strip(kind, finding, words) if strips >= needed else None
        # Contact is back when something can be read again, not merely when the leads say so.
        still = not finding.quality.readable
        counted = counted.also(state, sign, kind, holds=still)
    return counted


def count_running(
    policy: AlertPolicy, state: AlertState, finding: StripFinding, limits: Limits
) -> Counted:
    """The rules that judge beat by beat, on a strip that still runs."""
    if not finding.quality.readable:
        return Counted(replace(state, peaks=()))
    counted = _abnormal(policy, Counted(state), finding, limits)
    return _beat_rates(policy, counted, finding, limits)


def abnormal_row(
    policy: AlertPolicy,
    state: AlertState,
    beats: Iterable[Beat],
    abnormal_from: float,
    limits: Limits,
) -> Verdicts | None:
    """The first n beats in a row, after those in ``state``, of which k are abnormal."""
    row = policy.row(AlertKind.ABNORMAL_BEATS)
    for last in _last(state, beats, _limit(abnormal_from, limits), row.n):
        if sum(abnormal for _, abnormal in last) >= row.k:
            return last
    return None


def _last(state: AlertState, beats: Iterable[Beat], limit: float, n: int) -> Iterator[Verdicts]:
    """The last ``n`` verdicts after each judged beat."""
    last = state.abnormal
    for beat in beats:
        if beat.abnormal_probability is not None:
            last = (*last, (beat.sample_index, beat.abnormal_probability >= limit))[-n:]
            yield last


def _limit(abnormal_from: float, limits: Limits) -> float:
    return abnormal_from if limits.abnormal_from is None else limits.abnormal_from


def _abnormal(
    policy: AlertPolicy, counted: Counted, finding: StripFinding, limits: Limits
) -> Counted:
    row, state = policy.row(AlertKind.ABNORMAL_BEATS), counted.state
    limit = _limit(finding.abnormal_from, limits)
    *_, last = [state.abnormal, *_last(state, finding.beats, limit, row.n)]
    found = abnormal_row(policy, state, finding.beats, finding.abnormal_from, limits)
    sign = None
    if found is not None:
        beats = tuple(at for at, abnormal in found if abnormal)
        words = f"{len(beats)} of {row.n} successive beats with abnormal probability >= {limit:g}"
        at = found[-1][0]
        sign = Sign(row.kind, at, at + 1, words, True, beats, _mean(finding, beats))
    holds = len(last) < row.n or sum(abnormal for _, abnormal in last) > row.closes_at
    return counted.also(replace(state, abnormal=last), sign, row.kind, holds=holds)


def _mean(finding: StripFinding, beats: Sequence[int]) -> float | None:
    """Mean P(abnormal) of those of ``beats`` that lie in the strip."""
    told = [b.abnormal_probability for b in finding.beats if b.sample_index in beats]
    known = [probability for probability in told if probability is not None]
    return round(sum(known) / len(known), 6) if known else None


def _strip_rates(
    policy: AlertPolicy, counted: Counted, finding: StripFinding, limits: Limits
) -> Counted:
    if finding.rate is None:
        return counted
    per_min = finding.rate.heart_rate_per_min
    for kind, bound, beyond in (
        (AlertKind.TACHYCARDIA, limits.fast_per_min, _above),
        (AlertKind.BRADYCARDIA, limits.slow_per_min, _below),
    ):
        row = policy.row(kind)
        limit, milder = _limits(row.above_per_min, row.closes_at, bound)
        state = counted.state.count(kind, holds=beyond(limit, per_min))
        words = f"heart rate {per_min:.0f}/min over {row.strips} successive strips, limit {limit:g}"
        sign = _of_strip(kind, finding, words) if state.in_a_row[kind] >= row.strips else None
        counted = counted.also(state, sign, kind, holds=beyond(milder, per_min))
    return counted


def _beat_rates(
    policy: AlertPolicy, counted: Counted, finding: StripFinding, limits: Limits
) -> Counted:
    """The mean rate over so many beats in a row, wherever strips begin."""
    before, fresh = counted.state.peaks, tuple(beat.sample_index for beat in finding.beats)
    peaks = (*before, *fresh)
    kept = 1 + max(policy.row(kind).beats for kind in EXTREMES)
    counted = replace(counted, state=replace(counted.state, peaks=peaks[-kept:]))
    for kind, beyond in EXTREMES.items():
        row = policy.row(kind)
        limit, milder = _extreme_limits(row, limits)
        found = rate_row(policy, kind, (before, fresh), finding.rate_hz, limits)
        newest = peaks[-row.beats :]
        last = _window(newest, row.beats, finding.rate_hz, partial(beyond, milder))
        sign = None
        if found is not None:
            first, stop, per_min = found
            words = f"{row.beats} beats at {per_min:.0f}/min, limit {limit:g}"
            inside = tuple(peak for peak in peaks if first <= peak < stop)[-MOST_BEATS:]
            sign = Sign(kind, first, stop, words, True, inside)
        counted = counted.also(counted.state, sign, kind, holds=last is not None)
    return counted


def rate_row(
    policy: AlertPolicy,
    kind: AlertKind,
    peaks: tuple[Peaks, Peaks],
    rate_hz: float,
    limits: Limits,
) -> tuple[int, int, float] | None:
    """The first beats in a row at an extreme rate: first sample, stop, per minute.

    ``peaks`` are those that were counted before, and new ones: the last beat is one of these.
    """
    row, (before, fresh) = policy.row(kind), peaks
    limit, _ = _extreme_limits(row, limits)
    some = (*before[1 - row.beats :], *fresh)
    return _window(some, row.beats, rate_hz, partial(EXTREMES[kind], limit))


def _extreme_limits(row: Row, limits: Limits) -> tuple[float, float]:
    is_fast = row.kind is AlertKind.EXTREME_TACHYCARDIA
    bound = limits.extreme_fast_per_min if is_fast else limits.extreme_slow_per_min
    return _limits(row.above_per_min, row.closes_at, bound)


def _above(limit: float, value: float) -> bool:
    return value > limit


def _below(limit: float, value: float) -> bool:
    return value < limit


EXTREMES: dict[AlertKind, Callable[[float, float], bool]] = {
    AlertKind.EXTREME_TACHYCARDIA: _above,
    AlertKind.EXTREME_BRADYCARDIA: _below,
}


def _window(
    peaks: Peaks, beats: int, rate_hz: float, meets: Callable[[float], bool]
) -> tuple[int, int, float] | None:
    """The first ``beats`` peaks in a row whose mean rate meets it: first, stop, per minute."""
    for stop in range(beats, len(peaks) + 1):
        row = peaks[stop - beats : stop]
        if max(b - a for a, b in pairwise(row)) >= LONGEST_RR_S * rate_hz:
            continue
        per_min = 60 * rate_hz * (beats - 1) / (row[-1] - row[0])
        if meets(per_min):
            return row[0], row[-1] + 1, per_min
    return None


def _limits(opens: float, closes: float, bound: float | None) -> tuple[float, float]:
    """The limit, and the milder one as far from it as in the table."""
    limit = opens if bound is None else bound
    return limit, limit + closes - opens


def _of_strip(kind: AlertKind, finding: StripFinding, words: str) -> Sign:
    first, stop = finding.first_sample, finding.first_sample + finding.n_samples
    beats = tuple(beat.sample_index for beat in finding.beats[-MOST_BEATS:])
    return Sign(kind, first, stop, words, True, beats)
