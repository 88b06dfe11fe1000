"""Sessions' alerts folded into alarms: one per patient and condition while it is not over.

What an alarm is follows from its alerts alone, whatever the order in which they are claimed; so
the same alert again, and two publishers at once, change nothing.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

from core.alarms import life
from core.alarms.alarm import Alarm, AlarmState, Occurrences
from core.alarms.policy import EscalationPolicy, chosen
from core.alarms.steps import Step
from core.alarms.timers import returns_until
from core.alerts import Alert, AlertKind
from fhir.mapping.flag import flag_id
from store import alarms, escalation, occurrences
from store.alerts import UnpublishedAlert
from store.database import Transaction


async def fold(tx: Transaction, claimed: Iterable[UnpublishedAlert], at: datetime) -> list[Step]:
    """What claimed alerts of patients do to alarms at ``at``; these are yet to be written.

    The caller holds the FHIR clock.
    """
    policies = await escalation.policies(tx)
    steps: dict[str, Step] = {}
    links: dict[tuple[int, AlertKind, int], str] = {}
    for item in claimed:
        if item.patient_id is None or (item.alarm is None and _is_withdrawn(item.alert)):
            continue
        alarm, settled = await _target(tx, item, item.patient_id, at)
        if settled is not None:
            steps.setdefault(settled.id, Step(settled))
        if alarm is None:
            step = await _open(tx, item, item.patient_id, policies, at)
            alarm = step.alarm
            steps[alarm.id] = step
        steps.setdefault(alarm.id, Step(alarm))
        links[item.session.row, item.alert.kind, item.alert.strip_index] = alarm.id
    await alarms.link(tx, links)
    return await _gathered(tx, steps, policies, at)


def _is_withdrawn(alert: Alert) -> bool:
    return alert.closed_at == alert.opened_at


async def _target(
    tx: Transaction, item: UnpublishedAlert, patient_id: str, at: datetime
) -> tuple[Alarm | None, Alarm | None]:
    """The alarm that an alert belongs to, None if it opens one; and one to settle before that."""
    linked = None if item.alarm is None else await alarms.get(tx, item.alarm)
    if linked is not None and not _leaves(linked, item.alert):
        return linked, None
    for known in await alarms.latest(tx, patient_id, item.alert.kind):
        until = returns_until(known)
        if not known.is_over or (until is not None and until > at):
            return known, None
        if not known.settled:
            return linked, known
    return linked, None


def _leaves(linked: Alarm, alert: Alert) -> bool:
    """Whether an alert that has come again may be of another alarm than the one that is over."""
    if not linked.is_over or linked.put_down or alert.closed_at is not None:
        return False
    return linked.state is AlarmState.WITHDRAWN or linked.seen.closed_at is not None


async def _open(
    tx: Transaction,
    item: UnpublishedAlert,
    patient_id: str,
    policies: Sequence[EscalationPolicy],
    at: datetime,
) -> Step:
    alert = item.alert
    until = alert.closed_at or alert.opened_at
    seen = Occurrences(1, alert.opened_at, until, alert.closed_at, alert.priority)
    teams = await escalation.care_teams(tx, patient_id) if policies else frozenset()
    policy = chosen(policies, alert.priority, teams)
    name = flag_id(item.session, alert.kind, alert.strip_index)
    step = life.opened(name, patient_id, alert.kind, seen, policy, at)
    await alarms.add(tx, step.alarm, item.session.row, alert.strip_index)
    return step


async def _gathered(
    tx: Transaction,
    steps: dict[str, Step],
    policies: Sequence[EscalationPolicy],
    at: datetime,
) -> list[Step]:
    """Each alarm with what all of its alerts amount to now."""
    known = await occurrences.gathered(tx, list(steps))
    found = []
    for name, step in steps.items():
        alarm, seen = step.alarm, known[name]
        graver = None
        if life.rises(alarm, seen.priority):
            teams = await escalation.care_teams(tx, alarm.patient_id)
            graver = chosen(policies, seen.priority, teams)
        found.append(step.then(life.gathered(alarm, seen, at, graver)))
    return found
