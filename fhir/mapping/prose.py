"""A session's totals in sentences, for people."""

from datetime import UTC, datetime

from core.ecg import SessionTotals


def sentences(totals: SessionTotals, *, ended: bool) -> str:
    """What a clinician reads first: how long, how readable, how fast, which beats, and by whom."""
    return " ".join((_recorded(totals, ended), _rate(totals), _beats(totals), _by_whom(totals)))


def _recorded(totals: SessionTotals, ended: bool) -> str:
    share = 100 * totals.readable_s / totals.analysed_s if totals.analysed_s else 0
    state = "ended" if ended else "so far"
    return (
        f"Continuous single-lead ECG, {_clock(totals.started_at)} to {_clock(totals.ended_at)} UTC "
        f"({state}): {_span(totals.analysed_s)} analysed, {share:.0f} % of it readable."
    )


def _rate(totals: SessionTotals) -> str:
    mean, low, high = totals.rate_mean_per_min, totals.rate_min_per_min, totals.rate_max_per_min
    if mean is None or low is None or high is None:
        return "No heart rate could be read."
    return f"Heart rate {mean:.0f}/min on average, from {low:.0f} to {high:.0f}/min."


def _beats(totals: SessionTotals) -> str:
    if totals.classified_beats == 0:
        return f"{totals.beats} beats found, none classified."
    share = 100 * totals.abnormal_beats / totals.classified_beats
    return (
        f"{totals.beats} beats found; {totals.abnormal_beats} of {totals.classified_beats} "
        f"classified ones ({share:.1f} %) look abnormal to the algorithm."
    )


def _by_whom(totals: SessionTotals) -> str:
    return (
        f"Automated analysis (pipeline {totals.pipeline_version}, model {totals.model_id}), "
        "not confirmed by a clinician; it names no rhythm and no diagnosis."
    )


def _clock(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M}"


def _span(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    parts = ((hours, "h"), (minutes, "min"), (rest, "s"))
    return " ".join(f"{number} {unit}" for number, unit in parts if number) or "0 s"
