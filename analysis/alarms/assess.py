"""The next strip under the policy: what opens, what rings louder, what is over.

A strip that still runs may open what is urgent and nothing else; the whole strip then confirms
it or takes it back. One event rings once: what a greater condition explains is absorbed.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from analysis.alarms.counts import count, count_running
from analysis.alarms.policy import AlertPolicy, absorbing, louder
from analysis.alarms.signs import Sign, looked_to, rhythm_signs
from analysis.alarms.state import AlertState, Open
from core.alerts import Alert, AlertKind, Basis, Priority
from core.ecg import StripFinding
from core.limits import UNLIMITED, Limits

Changes = dict[AlertKind, Alert]


def assess(
    policy: AlertPolicy,
    state: AlertState,
    finding: StripFinding,
    leads_off: bool,
    *,
    limits: Limits = UNLIMITED,
) -> tuple[AlertState, tuple[Alert, ...]]:
    """Apply the policy to the next strip: the new state, and alerts that changed.

    ``leads_off``: the leads were off for more than half of it.
    """
    counted = count(policy, state, finding, leads_off, limits)
    spans = rhythm_signs(policy.rows, finding, limits, early=False)
    changed: Changes = {}
    state = _raise(policy, counted.state, (*spans, *counted.signs), finding, limits, changed)
    # What has been switched off since it began to ring is over for whom it rings.
    holding = filter(limits.allows, counted.holding | {sign.kind for sign in spans})
    state = _close(policy, state, finding, frozenset(holding), changed)
    return _absorb(policy, state, finding, changed), tuple(changed.values())


def assess_running(
    policy: AlertPolicy, state: AlertState, strips: Iterable[tuple[StripFinding, Limits]]
) -> tuple[AlertState, tuple[Alert, ...]]:
    """Apply the policy to strips that are not whole yet, in order, the last of them running.

    They are assessed again when they are whole: the new state knows what they opened, no more.
    """
    before, changed = state, dict[tuple[AlertKind, int], Alert]()
    for finding, limits in strips:
        counted = count_running(policy, state, finding, limits)
        spans = rhythm_signs(policy.rows, finding, limits, early=True)
        told: Changes = {}
        state = _raise(policy, counted.state, (*spans, *counted.signs), finding, limits, told)
        state = _absorb(policy, state, finding, told)
        changed |= {(alert.kind, alert.strip_index): alert for alert in told.values()}
    state = replace(before, opened=state.opened, closed=state.closed)
    return state, tuple(changed.values())


def _raise(
    policy: AlertPolicy,
    state: AlertState,
    found: Iterable[Sign],
    finding: StripFinding,
    limits: Limits,
    changed: Changes,
) -> AlertState:
    """What shows itself opens its alert, or goes on with it, where nothing greater explains it."""
    signs = [sign for sign in found if limits.allows(sign.kind)]
    present = _present(policy, state, signs)
    for sign in signs:
        priority = _priority(policy, sign)
        if priority and not absorbing(policy.rows, present, sign.kind, priority):
            state = _seen(policy, state, sign, finding, limits, changed)
    return state


def ended(alert: Alert, at: datetime) -> Alert:
    """The alert of a session that ended before its condition passed: nothing rings for ever."""
    return _closed(alert, at, "; not over when the session ended")


def _present(
    policy: AlertPolicy, state: AlertState, signs: Iterable[Sign]
) -> dict[AlertKind, Priority]:
    """What is open or shows itself, at its loudest."""
    present = _open(state)
    for sign in signs:
        priority = _priority(policy, sign)
        if priority is not None:
            present[sign.kind] = louder(present.get(sign.kind, priority), priority)
    return present


def _open(state: AlertState) -> dict[AlertKind, Priority]:
    return {alert.kind: alert.priority for alert in state.open}


def _seen(
    policy: AlertPolicy,
    state: AlertState,
    sign: Sign,
    finding: StripFinding,
    limits: Limits,
    changed: Changes,
) -> AlertState:
    """A sign opens its alert, makes it louder, or goes on with it."""
    row, priority = policy.row(sign.kind), _priority(policy, sign)
    one = state.find(sign.kind)
    if priority is None:
        return state
    if one is None:
        since = state.closed.get(sign.kind)
        if since is not None and sign.first - since < row.quiet_s * finding.rate_hz:
            return state
        alert = _alert(policy, sign, priority, finding, limits)
        changed[sign.kind] = alert
        return state.put(Open(alert, sign.stop))
    alert, episodes = one.alert, one.episodes + (sign.first > one.seen)
    if louder(alert.priority, priority) is not alert.priority:
        told = _alert(policy, sign, priority, finding, limits)
        alert = replace(alert, priority=priority, evidence=told.evidence, basis=told.basis)
        changed[sign.kind] = alert
    return state.put(Open(alert, max(one.seen, sign.stop), episodes))


def _priority(policy: AlertPolicy, sign: Sign) -> Priority | None:
    row = policy.row(sign.kind)
    return row.priority if sign.sure else row.doubted


def _alert(
    policy: AlertPolicy, sign: Sign, priority: Priority, finding: StripFinding, limits: Limits
) -> Alert:
    set_by = f", limits {limits.source}" if limits.source else ""
    evidence = f"{sign.words} (model {finding.model_id}, policy {policy.version}{set_by})"
    basis = Basis(
        sign.first,
        looked_to(sign, finding),
        sign.beats,
        sign.probability,
        finding.model_id,
        finding.pipeline_version,
        policy.version,
        verified=sign.sure,
    )
    at = _time_of(finding, sign.first)
    return Alert(sign.kind, at, None, finding.strip_index, evidence, priority, basis)


def _close(
    policy: AlertPolicy,
    state: AlertState,
    finding: StripFinding,
    holding: Iterable[AlertKind],
    changed: Changes,
) -> AlertState:
    """Close what has not been seen for long enough; an unreadable strip ends no arrhythmia."""
    stop = finding.first_sample + finding.n_samples
    for one in state.opened:
        row = policy.row(one.alert.kind)
        if row.kind in holding:
            state = state.put(replace(one, seen=max(one.seen, stop)))
        elif finding.quality.readable and stop - one.seen >= row.clear_s * finding.rate_hz:
            more = f"; {one.episodes} episodes" if one.episodes > 1 else ""
            changed[row.kind] = _closed(one.alert, _time_of(finding, stop), more)
            state = state.without(row.kind, stop)
    return state


def _absorb(
    policy: AlertPolicy, state: AlertState, finding: StripFinding, changed: Changes
) -> AlertState:
    """Close what a greater condition, open by now, explains."""
    stop = finding.first_sample + finding.n_samples
    present = _open(state)
    for kind, priority in present.items():
        one, by = state.find(kind), absorbing(policy.rows, present, kind, priority)
        if one is not None and by:
            remark = f"; now part of {', '.join(by)}"
            changed[kind] = _closed(one.alert, _time_of(finding, stop), remark)
            state = state.without(kind, stop)
    return state


def _closed(alert: Alert, at: datetime, remark: str = "") -> Alert:
    # A clock may be set back meanwhile, but nothing ends before it begins.
    closed_at = max(at, alert.opened_at + timedelta(milliseconds=1))
    return replace(alert, closed_at=closed_at, evidence=alert.evidence + remark)


def _time_of(finding: StripFinding, sample: int) -> datetime:
    return finding.started_at + timedelta(seconds=(sample - finding.first_sample) / finding.rate_hz)
