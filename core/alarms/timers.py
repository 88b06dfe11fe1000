"""When an alarm next has something to do, if nothing happens to it until then."""

from datetime import datetime, timedelta

from core.alarms.alarm import Alarm, AlarmState


def next_at(alarm: Alarm) -> datetime | None:
    """The alarm's next due time; None where it waits for nothing."""
    if alarm.is_over:
        return _settled_at(alarm)
    if alarm.state is AlarmState.ACKNOWLEDGED:
        return _after(alarm.acknowledged_at, alarm.policy.realert_s)
    times = (_level_at(alarm), _after(alarm.raised_at, alarm.policy.expires_s))
    return min((at for at in times if at is not None), default=None)


def returns_until(alarm: Alarm) -> datetime | None:
    """Until when the condition's return is this same alarm, which is over; None where never."""
    if alarm.state is not AlarmState.RESOLVED or alarm.put_down:
        return None
    return _after(alarm.ended_at, alarm.policy.quiet_s)


def _settled_at(alarm: Alarm) -> datetime | None:
    """Its end is told once the condition cannot return: what flaps calls but once."""
    return None if alarm.settled else returns_until(alarm) or alarm.ended_at


def _level_at(alarm: Alarm) -> datetime | None:
    """When the next level is due, or the next round."""
    policy = alarm.policy
    if alarm.level < len(policy.levels):
        return _after(alarm.round_at, policy.levels[alarm.level].delay_s)
    if not policy.levels or alarm.repeats >= policy.repeats_max or policy.repeat_s is None:
        return None
    return _after(alarm.round_at, policy.levels[-1].delay_s + policy.repeat_s)


def _after(start: datetime | None, wait_s: float | None) -> datetime | None:
    return None if start is None or wait_s is None else start + timedelta(seconds=wait_s)
