"""What happens to an alarm, and what each event does beside leading to another state.

Pure: an alarm and a moment in, the alarm after that and what is to be told out.
"""

from dataclasses import replace
from datetime import datetime, timedelta

from core.alarms.alarm import Alarm, AlarmState, Occurrences
from core.alarms.policy import EscalationPolicy
from core.alarms.steps import TRANSITIONS, Event, Signal, Step
from core.alarms.timers import next_at
from core.alerts import AlertKind, Priority
from core.messages import MessageEvent

_S = AlarmState
_WAITING = (_S.OPEN, _S.NOTIFIED)


def opened(
    id_: str,
    patient_id: str,
    kind: AlertKind,
    seen: Occurrences,
    policy: EscalationPolicy,
    at: datetime,
) -> Step:
    """A new alarm at ``at``, and what is due for it; it may have passed already."""
    alarm = Alarm(id_, patient_id, kind, _S.OPEN, seen, policy, at, at, at)
    step = Step(_timed(alarm), (Event.OPENED,))
    step = step.then(elapsed(step.alarm, at))
    return step.then(passed(step.alarm, at))


def gathered(
    alarm: Alarm, seen: Occurrences, at: datetime, graver: EscalationPolicy | None = None
) -> Step:
    """The alarm with what is now known of its condition, and what is due for that.

    ``graver`` is the policy for its priority, if that has risen and the alarm calls anew.
    """
    known = replace(alarm, seen=seen)
    step = Step(known) if seen == alarm.seen else Step(known, (Event.SEEN,))
    if seen.count == 0:
        step = step.then(_ended(known, Event.WITHDRAWN, at))
    elif _is_back(alarm, seen):
        step = step.then(_returned(known, at))
    elif graver is not None and not alarm.is_over:
        step = step.then(_called(replace(known, policy=graver), Event.GRAVER, at))
    # Who is to hear of it at once does so, also of what has passed meanwhile.
    step = step.then(elapsed(_timed(step.alarm), at))
    return step.then(passed(step.alarm, at))


def _is_back(alarm: Alarm, seen: Occurrences) -> bool:
    """Whether the condition of an alarm that is over has come again."""
    if not alarm.is_over or alarm.put_down:
        return False
    if alarm.state is _S.WITHDRAWN:
        return True
    return seen.closed_at is None and alarm.seen.closed_at is not None


def passed(alarm: Alarm, at: datetime) -> Step:
    """The end of an alarm whose condition is over, unless it waits to be acknowledged."""
    waits = alarm.policy.latching and alarm.state is not _S.ACKNOWLEDGED
    if alarm.seen.closed_at is None or waits:
        return Step(_timed(alarm))
    return _ended(alarm, Event.PASSED, at)


def acknowledged(alarm: Alarm, by: str, at: datetime) -> Step:
    """Somebody answers for the alarm; those who were told hear of it."""
    known = (alarm.state, Event.ACKNOWLEDGED) in TRANSITIONS
    if not known or alarm.settled or alarm.acknowledged_at is not None:
        return Step(alarm)
    signals = (_signal(alarm, MessageEvent.ACKNOWLEDGE),) if alarm.reached else ()
    told = replace(_moved(alarm, Event.ACKNOWLEDGED), acknowledged_at=at, acknowledged_by=by)
    step = Step(told, (Event.ACKNOWLEDGED,), signals)
    return step.then(passed(told, at))


def rejected(alarm: Alarm, at: datetime) -> Step:
    """Somebody will not answer for the alarm: whoever comes next is told at once."""
    if alarm.state not in _WAITING:
        return Step(alarm)
    levels, repeat_s = alarm.policy.levels, alarm.policy.repeat_s or 0.0
    if alarm.level < len(levels):
        waited_s = levels[alarm.level].delay_s
    else:
        waited_s = repeat_s + (levels[-1].delay_s if levels else 0.0)
    begun_at = min(alarm.round_at, at - timedelta(seconds=waited_s))
    asked = replace(alarm, round_at=begun_at, asked=alarm.asked + 1, asked_at=at)
    return Step(_timed(asked), (Event.REJECTED,))


def put_down(alarm: Alarm, by: str, at: datetime, *, in_error: bool) -> Step:
    """A clinician has ended the alarm's Flag, or called it an error; it does not return."""
    event = Event.WITHDRAWN if in_error else Event.PUT_DOWN
    if (alarm.state, event) not in TRANSITIONS:
        return Step(replace(alarm, put_down=True))
    known = replace(alarm, put_down=True)
    if alarm.acknowledged_at is None:
        known = replace(known, acknowledged_at=at, acknowledged_by=by)
    return _ended(known, event, at)


def put_back(alarm: Alarm, at: datetime) -> Alarm:
    """The alarm at ``at`` by a clock that may have been put back.

    What was done later than now waits from now on: an hour put back must not delay a call by one.
    """
    return _timed(
        replace(
            alarm,
            raised_at=min(alarm.raised_at, at),
            round_at=min(alarm.round_at, at),
            acknowledged_at=alarm.acknowledged_at and min(alarm.acknowledged_at, at),
            ended_at=alarm.ended_at and min(alarm.ended_at, at),
        )
    )


def elapsed(alarm: Alarm, at: datetime) -> Step:
    """All that is due by ``at``. The same moment again gives nothing more."""
    step = Step(alarm)
    while (due := step.alarm.next_at) is not None and due <= at:
        step = step.then(_fired(step.alarm, at))
    return step


def _fired(alarm: Alarm, at: datetime) -> Step:
    """The one thing that is due first."""
    if alarm.is_over:
        signals = (_signal(alarm, MessageEvent.RESOLVE),) if alarm.reached else ()
        settled = replace(alarm, reached=(), settled=True)
        return Step(_timed(settled), (Event.SETTLED,), signals)
    if alarm.state is _S.ACKNOWLEDGED:
        return _called(alarm, Event.STILL_THERE, at)
    expires_s = alarm.policy.expires_s
    if expires_s is not None and alarm.raised_at + timedelta(seconds=expires_s) <= at:
        return _ended(alarm, Event.EXPIRED, at)
    if alarm.level < len(alarm.policy.levels):
        return _notified(alarm, at)
    again = replace(alarm, round=alarm.round + 1, repeats=alarm.repeats + 1, level=0, round_at=at)
    return Step(_timed(again), (Event.REPEATED,))


def _notified(alarm: Alarm, at: datetime) -> Step:
    """The next level is told."""
    level = alarm.policy.levels[alarm.level]
    number = alarm.level + 1
    signal = Signal(MessageEvent.TRIGGER, number, alarm.round, level.recipients)
    first_at = alarm.notified_at or at
    reached = tuple(dict.fromkeys((*alarm.reached, *level.recipients)))
    moved = _moved(alarm, Event.NOTIFIED)
    told = replace(moved, level=number, reached=reached, notified_at=first_at)
    return Step(_timed(told), (Event.NOTIFIED,), (signal,))


def _returned(alarm: Alarm, at: datetime) -> Step:
    """The condition is back: until the end was settled, all that was done still counts."""
    if alarm.settled:
        return _called(alarm, Event.RETURNED, at)
    back = replace(_moved(alarm, Event.RETURNED), ended_at=None)
    if alarm.acknowledged_at is not None:
        back = replace(back, state=_S.ACKNOWLEDGED)
    elif alarm.reached:
        back = replace(back, state=_S.NOTIFIED)
    return Step(_timed(back), (Event.RETURNED,))


def _called(alarm: Alarm, event: Event, at: datetime) -> Step:
    """A new call: from the first level on, and to be acknowledged anew."""
    anew = replace(
        _moved(alarm, event),
        round=alarm.round + 1,
        level=0,
        repeats=0,
        round_at=at,
        raised_at=at,
        asked=alarm.asked + 1,
        asked_at=at,
        acknowledged_at=None,
        acknowledged_by=None,
        ended_at=None,
        settled=False,
    )
    return Step(_timed(anew), (event,))


def _ended(alarm: Alarm, event: Event, at: datetime) -> Step:
    """An end, where the table has one; its time is that of the first."""
    moved = _moved(alarm, event)
    if moved.state is alarm.state:
        return Step(_timed(alarm))
    return Step(_timed(replace(moved, ended_at=alarm.ended_at or at)), (event,))


def _signal(alarm: Alarm, event: MessageEvent) -> Signal:
    """To all who have been told of it."""
    return Signal(event, 0, alarm.round, alarm.reached)


def _moved(alarm: Alarm, event: Event) -> Alarm:
    return replace(alarm, state=TRANSITIONS.get((alarm.state, event), alarm.state))


def _timed(alarm: Alarm) -> Alarm:
    return replace(alarm, next_at=next_at(alarm))


def rises(alarm: Alarm, priority: Priority) -> bool:
    """Whether ``priority`` is graver than that of the alarm so far."""
    ranks = list(Priority)
    return ranks.index(priority) < ranks.index(alarm.priority)
