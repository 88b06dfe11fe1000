"""Conditions that build up over beats and strips: rates, abnormal beats, electrodes, quality.

Each rule takes a whole strip and gives the new state, a sign if its condition holds, and which
open conditions still hold by the milder limit at which they close (hysteresis).
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from itertools import pairwise

from analysis.alarms.policy import AlertPolicy
from analysis.alarms.signs import MOST_BEATS, Sign
from analysis.alarms.state import AlertState
from core.alerts import AlertKind
from core.ecg import StripFinding
from core.limits import Limits

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


def _abnormal(
    policy: AlertPolicy, counted: Counted, finding: StripFinding, limits: Limits
) -> Counted:
    row, state = policy.row(AlertKind.ABNORMAL_BEATS), counted.state
    limit = finding.abnormal_from if limits.abnormal_from is None else limits.abnormal_from
    last, opens, most = state.abnormal, None, 0
    for beat in finding.beats:
        if beat.abnormal_probability is not None:
            last = (*last, beat.abnormal_probability >= limit)[-row.n :]
            most = max(most, sum(last))
            if opens is None and sum(last) >= row.k:
                opens = beat.sample_index
    words = f"{most} of {row.n} successive beats with abnormal probability >= {limit:g}"
    sign = None
    if opens is not None:
        told = [b for b in finding.beats if (b.abnormal_probability or 0.0) >= limit]
        mean = sum(b.abnormal_probability or 0.0 for b in told) / len(told) if told else None
        beats = tuple(beat.sample_index for beat in told[-MOST_BEATS:])
        stop = finding.first_sample + finding.n_samples
        sign = Sign(row.kind, opens, stop, words, True, beats, mean)
    holds = len(last) < row.n or sum(last) > row.closes_at
    return counted.also(replace(state, abnormal=last), sign, row.kind, holds=holds)


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
    peaks = (*counted.state.peaks, *(beat.sample_index for beat in finding.beats))
    kept = 1 + max(policy.row(kind).beats for kind in _EXTREMES)
    counted = replace(counted, state=replace(counted.state, peaks=peaks[-kept:]))
    bounds = (limits.extreme_fast_per_min, limits.extreme_slow_per_min)
    for (kind, beyond), bound in zip(_EXTREMES.items(), bounds, strict=True):
        row = policy.row(kind)
        limit, milder = _limits(row.above_per_min, row.closes_at, bound)
        found = _window(peaks, row.beats, finding.rate_hz, partial(beyond, limit))
        newest = peaks[-row.beats :]
        last = _window(newest, row.beats, finding.rate_hz, partial(beyond, milder))
        sign = None
        if found is not None:
            words = f"{row.beats} beats at {found[2]:.0f}/min, limit {limit:g}"
            sign = Sign(kind, found[0], found[1], words, True, peaks[-MOST_BEATS:])
        counted = counted.also(counted.state, sign, kind, holds=last is not None)
    return counted


def _above(limit: float, value: float) -> bool:
    return value > limit


def _below(limit: float, value: float) -> bool:
    return value < limit


_EXTREMES = {AlertKind.EXTREME_TACHYCARDIA: _above, AlertKind.EXTREME_BRADYCARDIA: _below}


def _window(
    peaks: tuple[int, ...], beats: int, rate_hz: float, meets: Callable[[float], bool]
) -> tuple[int, int, float] | None:
    """The last ``beats`` peaks in a row whose mean rate meets it: first, stop, per minute."""
    for stop in range(len(peaks), beats - 1, -1):
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
