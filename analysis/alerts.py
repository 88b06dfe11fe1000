"""Which findings open an alert, and when it closes: rules over several beats or strips.

A single beat or strip never raises an alert (false alarms per patient and day by rule: the
UCSF study, doi:10.1371/journal.pone.0110274). Closing has its own, milder limit, so
that a value at the limit does not ring twice.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from core.alerts import Alert, AlertKind
from core.ecg import StripFinding


@dataclass(frozen=True, slots=True)
class AlertPolicy:
    """The numbers of the rules; rates are per minute."""

    version: str = "1"
    window_beats: int = 10
    open_beats: int = 8
    close_beats: int = 2
    rate_strips: int = 2
    tachycardia_above: float = 130.0
    tachycardia_closes_below: float = 125.0
    bradycardia_below: float = 45.0
    bradycardia_closes_above: float = 50.0


@dataclass(frozen=True, slots=True)
class AlertState:
    """What the rules remember of a session: last beats, strips in a row, open alerts."""

    abnormal: tuple[bool, ...] = ()
    fast_strips: int = 0
    slow_strips: int = 0
    open: tuple[Alert, ...] = ()

    def find(self, kind: AlertKind) -> Alert | None:
        """The open alert of a kind."""
        return next((alert for alert in self.open if alert.kind is kind), None)


@dataclass(frozen=True, slots=True)
class _Verdict:
    """What one rule says of one strip."""

    kind: AlertKind
    opens_at: datetime | None
    closes: bool
    evidence: str


def assess(
    policy: AlertPolicy, state: AlertState, finding: StripFinding, leads_off: bool
) -> tuple[AlertState, tuple[Alert, ...]]:
    """Apply the rules to the next strip: the new state, and alerts that opened or closed.

    ``leads_off``: the leads were off for more than half of the strip.
    """
    verdicts = [_leads(finding, leads_off)]
    if finding.quality.readable:
        state, beats = _beats(policy, state, finding)
        state, rates = _rates(policy, state, finding)
        verdicts += [beats, *rates]
    changed: list[Alert] = []
    for verdict in verdicts:
        state, alerts = _apply(state, verdict, finding)
        changed += alerts
    return state, tuple(changed)


def _apply(
    state: AlertState, verdict: _Verdict, finding: StripFinding
) -> tuple[AlertState, list[Alert]]:
    changed: dict[AlertKind, Alert] = {}
    alert = state.find(verdict.kind)
    if alert is None and verdict.opens_at is not None:
        alert = changed[verdict.kind] = Alert(
            verdict.kind, verdict.opens_at, None, finding.strip_index, verdict.evidence
        )
        state = replace(state, open=(*state.open, alert))
    if alert is not None and verdict.closes:
        changed[verdict.kind] = _closed(alert, _time_of(finding, finding.n_samples))
        state = replace(state, open=tuple(other for other in state.open if other is not alert))
    return state, list(changed.values())


def ended(alert: Alert, at: datetime) -> Alert:
    """The alert of a session that ended before its condition passed: nothing rings for ever."""
    return _closed(alert, at, "; not over when the session ended")


def _closed(alert: Alert, at: datetime, remark: str = "") -> Alert:
    # A clock may be set back meanwhile, but nothing ends before it begins.
    closed_at = max(at, alert.opened_at + timedelta(milliseconds=1))
    return replace(alert, closed_at=closed_at, evidence=alert.evidence + remark)


def _time_of(finding: StripFinding, samples: int) -> datetime:
    return finding.started_at + timedelta(seconds=samples / finding.rate_hz)


def _leads(finding: StripFinding, leads_off: bool) -> _Verdict:
    return _Verdict(
        AlertKind.LEAD_OFF,
        finding.started_at if leads_off else None,
        finding.quality.readable and not leads_off,
        f"leads off: {finding.n_missing} of {finding.n_samples} samples have no value",
    )


def _beats(
    policy: AlertPolicy, state: AlertState, finding: StripFinding
) -> tuple[AlertState, _Verdict]:
    last, opens_at, most = state.abnormal, None, 0
    for beat in finding.beats:
        if beat.abnormal_probability is None:
            continue
        abnormal = beat.abnormal_probability >= finding.abnormal_from
        last = (*last, abnormal)[-policy.window_beats :]
        most = max(most, sum(last))
        if opens_at is None and sum(last) >= policy.open_beats:
            opens_at = _time_of(finding, beat.sample_index - finding.first_sample)
    closes = len(last) == policy.window_beats and sum(last) <= policy.close_beats
    evidence = (
        f"{most} of {policy.window_beats} successive beats with abnormal probability >= "
        f"{finding.abnormal_from:g} (model {finding.model_id}, policy {policy.version})"
    )
    verdict = _Verdict(AlertKind.ABNORMAL_BEATS, opens_at, closes, evidence)
    return replace(state, abnormal=last), verdict


def _rates(
    policy: AlertPolicy, state: AlertState, finding: StripFinding
) -> tuple[AlertState, list[_Verdict]]:
    if finding.rate is None:
        return state, []
    per_min, at = finding.rate.heart_rate_per_min, finding.started_at
    fast = state.fast_strips + 1 if per_min > policy.tachycardia_above else 0
    slow = state.slow_strips + 1 if per_min < policy.bradycardia_below else 0
    evidence = (
        f"heart rate {per_min:.0f}/min over {policy.rate_strips} successive strips "
        f"(policy {policy.version})"
    )
    verdicts = [
        _Verdict(
            AlertKind.TACHYCARDIA,
            at if fast >= policy.rate_strips else None,
            per_min < policy.tachycardia_closes_below,
            evidence,
        ),
        _Verdict(
            AlertKind.BRADYCARDIA,
            at if slow >= policy.rate_strips else None,
            per_min > policy.bradycardia_closes_above,
            evidence,
        ),
    ]
    most = policy.rate_strips
    return replace(state, fast_strips=min(fast, most), slow_strips=min(slow, most)), verdicts
