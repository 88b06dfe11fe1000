"""A session's figures in sentences, for people."""

from datetime import UTC, datetime

from core.ecg import RhythmKind, SessionTotals
from core.holter.summary import Episodes, Holter
from fhir import codes

_UNTOLD = frozenset({RhythmKind.SINUS, RhythmKind.NOISE})
"""What goes without saying, or is said of the signal."""
FAST = frozenset(
    {
        RhythmKind.TACHYCARDIA,
        RhythmKind.VENTRICULAR_RUN,
        RhythmKind.VENTRICULAR_TACHYCARDIA,
        RhythmKind.SUPRAVENTRICULAR_RUN,
        RhythmKind.ATRIAL_FIBRILLATION,
    }
)
"""Kinds of which it matters how fast the fastest is."""


def sentences(found: Holter, *, ended: bool) -> str:
    """What a clinician reads first: how long, how fast, which beats and episodes, and by whom."""
    told = statements(found, ended=ended)
    return " ".join(told)


def statements(found: Holter, *, ended: bool) -> list[str]:
    """The same, a statement each."""
    totals = found.totals
    told = [_recorded(totals, ended), _rate(totals), _beats(found), _longest(found)]
    told += [listed(found) or "No other rhythm than sinus rhythm was found."] * found.has_rhythm
    return [*filter(None, told), _by_whom(found)]


def listed(found: Holter) -> str:
    """The episodes of each kind, the gravest first; empty where there are none."""
    told = [_episodes(one) for one in graver_first(found) if one.kind not in _UNTOLD]
    return f"Episodes: {'; '.join(told)}." if told else ""


def graver_first(found: Holter) -> list[Episodes]:
    """The episodes in the order in which a clinician wants to know of them."""
    return sorted(found.episodes, key=lambda one: _GRAVITY.index(one.kind))


_GRAVITY = (
    RhythmKind.VENTRICULAR_FIBRILLATION,
    RhythmKind.ASYSTOLE,
    RhythmKind.VENTRICULAR_TACHYCARDIA,
    RhythmKind.PAUSE,
    RhythmKind.VENTRICULAR_RUN,
    RhythmKind.ATRIAL_FIBRILLATION,
    RhythmKind.SUPRAVENTRICULAR_RUN,
    RhythmKind.TACHYCARDIA,
    RhythmKind.BRADYCARDIA,
    RhythmKind.COUPLET,
    RhythmKind.BIGEMINY,
    RhythmKind.TRIGEMINY,
    RhythmKind.PACED,
    RhythmKind.SINUS,
    RhythmKind.NOISE,
)


def _episodes(one: Episodes) -> str:
    name = codes.EPISODE_NAMES[one.kind.value]
    details = [f"longest {span(one.longest[0].duration_s)}"]
    if one.percent >= 1:
        details.insert(0, f"{one.percent:.1f} % of the time")
    if one.kind in FAST and one.fastest is not None and one.fastest.rate_per_min is not None:
        details.append(f"fastest {one.fastest.rate_per_min:.0f}/min")
    if one.unverified:
        details.append(f"{one.unverified} in poor signal")
    return f"{name} {one.count} ({', '.join(details)})"


def _recorded(totals: SessionTotals, ended: bool) -> str:
    share = 100 * totals.readable_s / totals.analysed_s if totals.analysed_s else 0
    state = "ended" if ended else "so far"
    return (
        f"Continuous single-lead ECG, {_clock(totals.started_at)} to {_clock(totals.ended_at)} UTC "
        f"({state}): {span(totals.analysed_s)} analysed, {share:.0f} % of it readable."
    )


def _rate(totals: SessionTotals) -> str:
    mean, low, high = totals.rate_mean_per_min, totals.rate_min_per_min, totals.rate_max_per_min
    if mean is None or low is None or high is None:
        return "No heart rate could be read."
    return f"Heart rate {mean:.0f}/min on average, from {low:.0f} to {high:.0f}/min."


def _beats(found: Holter) -> str:
    totals, sums = found.totals, found.sums
    if totals.classified_beats == 0 and not sums.named:
        return f"{totals.beats} beats found, none classified."
    if sums.named:
        return (
            f"{totals.beats} beats found, {sums.named} of them classified: "
            f"{sums.ventricular} ventricular ({found.ventricular_percent:.1f} %), "
            f"{sums.supraventricular} supraventricular ({found.supraventricular_percent:.1f} %), "
            f"{sums.fusion} fusion beats."
        )
    share = 100 * totals.abnormal_beats / totals.classified_beats
    return (
        f"{totals.beats} beats found; {totals.abnormal_beats} of {totals.classified_beats} "
        f"classified ones ({share:.1f} %) look abnormal to the algorithm."
    )


def _longest(found: Holter) -> str:
    if found.longest_rr_ms is None or not found.sums.rr_pauses:
        return ""
    longest, count = found.longest_rr_ms, found.sums.rr_pauses
    return (
        f"Longest RR interval {longest.value / 1000:.2f} s, {_clock(longest.at)} UTC; "
        f"{count} of 2 s or more."
    )


def _by_whom(found: Holter) -> str:
    totals = found.totals
    limits = "it makes no diagnosis" if found.has_rhythm else "it names no rhythm and no diagnosis"
    return (
        f"Automated analysis (pipeline {totals.pipeline_version}, model {totals.model_id}), "
        f"not confirmed by a clinician; {limits}."
    )


def _clock(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M}"


def span(seconds: float) -> str:
    """A duration in hours, minutes and seconds; a short one to the tenth of a second."""
    if 0 < seconds < 10:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    parts = ((hours, "h"), (minutes, "min"), (rest, "s"))
    return " ".join(f"{number} {unit}" for number, unit in parts if number) or "0 s"
