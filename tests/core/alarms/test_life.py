"""The life of an alarm: examples of each way through it, and what holds on every way."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from core.alarms import life
from core.alarms.alarm import OVER, Alarm, AlarmState, Occurrences
from core.alarms.policy import NOBODY, EscalationPolicy, Level, Recipient
from core.alarms.steps import TRANSITIONS, Event, Signal, Step
from core.alarms.timers import returns_until
from core.alerts import AlertKind, Priority
from core.messages import ChannelKind, MessageEvent

T0 = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
NURSE, DOCTOR = (Recipient(ChannelKind.SNS, name) for name in ("nurse", "doctor"))
POLICY = EscalationPolicy(
    "ward", levels=(Level(0, (NURSE,)), Level(60, (DOCTOR,))), repeat_s=120, repeats_max=2,
    realert_s=1800, expires_s=3600, quiet_s=300,
)  # fmt: skip
HERE = Occurrences(1, T0, T0, None, Priority.MEDIUM)
GONE = replace(HERE, closed_at=T0 + timedelta(seconds=12))
NOTHING = replace(HERE, count=0, closed_at=T0)


def at(seconds: float) -> datetime:
    return T0 + timedelta(seconds=seconds)


def opened(policy: EscalationPolicy = POLICY, seen: Occurrences = HERE) -> Step:
    return life.opened("f", "p", AlertKind.PAUSE, seen, policy, T0)


def told(step: Step) -> list[tuple[str, int, int, list[str]]]:
    return [(s.event, s.level, s.round, [r.address for r in s.recipients]) for s in step.signals]


def test_the_first_level_is_told_at_once_and_the_next_in_its_time() -> None:
    step = opened()
    assert step.events == (Event.OPENED, Event.NOTIFIED)
    assert told(step) == [("trigger", 1, 0, ["nurse"])]
    assert step.alarm.state is AlarmState.NOTIFIED
    assert step.alarm.next_at == at(60)
    later = life.elapsed(step.alarm, at(60))
    assert told(later) == [("trigger", 2, 0, ["doctor"])]


def test_without_a_policy_it_lives_and_nobody_is_told() -> None:
    step = opened(NOBODY)
    assert (step.alarm.state, step.signals, step.alarm.next_at) == (AlarmState.OPEN, (), None)
    done = life.gathered(step.alarm, GONE, at(20))
    assert done.alarm.state is AlarmState.RESOLVED
    settled = life.elapsed(done.alarm, at(320))
    assert (settled.events, settled.signals) == ((Event.SETTLED,), ())


def test_it_repeats_until_it_is_acknowledged_or_expires() -> None:
    alarm, rounds = opened().alarm, []
    for second in range(1, 4000, 7):
        step = life.elapsed(alarm, at(second))
        rounds += [(s.round, s.level, s.event.value) for s in step.signals]
        alarm = step.alarm
    triggers = [(n, level) for n, level, event in rounds if event == "trigger"]
    assert triggers == [(0, 2), (1, 1), (1, 2), (2, 1), (2, 2)]
    assert rounds[-1] == (2, 0, "resolve")
    assert alarm.state is AlarmState.EXPIRED
    assert alarm.next_at is None


def test_a_service_that_was_away_calls_each_level_once() -> None:
    step = life.elapsed(opened().alarm, at(3000))
    assert [s.level for s in step.signals] == [2, 1]
    assert step.alarm.next_at == at(3060)


def test_an_acknowledgement_is_told_and_stops_it() -> None:
    step = life.acknowledged(opened().alarm, "Practitioner/7", at(5))
    assert told(step) == [("acknowledge", 0, 0, ["nurse"])]
    assert step.alarm.state is AlarmState.ACKNOWLEDGED
    assert (step.alarm.acknowledged_by, step.alarm.next_at) == ("Practitioner/7", at(1805))
    assert life.acknowledged(step.alarm, "Practitioner/8", at(6)) == Step(step.alarm)


def test_what_is_acknowledged_and_still_there_calls_again() -> None:
    known = life.acknowledged(opened().alarm, "x", at(5)).alarm
    step = life.elapsed(known, at(1805))
    assert step.events == (Event.STILL_THERE, Event.NOTIFIED)
    assert told(step) == [("trigger", 1, 1, ["nurse"])]
    assert (step.alarm.asked, step.alarm.acknowledged_at) == (2, None)


def test_a_refusal_goes_to_the_next_at_once() -> None:
    step = life.rejected(opened().alarm, at(5))
    assert step.alarm.next_at == at(5)
    assert told(life.elapsed(step.alarm, at(5))) == [("trigger", 2, 0, ["doctor"])]
    assert step.alarm.asked == 2
    last = life.elapsed(step.alarm, at(5)).alarm
    assert told(life.elapsed(life.rejected(last, at(6)).alarm, at(6)))[0][:3] == ("trigger", 1, 1)
    alone = life.rejected(opened(NOBODY).alarm, at(5)).alarm
    assert life.elapsed(alone, at(5)).signals == ()


def test_flapping_calls_once_and_is_resolved_once() -> None:
    alarm, events = opened().alarm, list[MessageEvent]()
    for n in range(1, 9):
        seen = replace(GONE if n % 2 else HERE, count=1 + n // 2)
        step = life.gathered(alarm, seen, at(n))
        alarm, events = step.alarm, events + [s.event for s in step.signals]
    assert alarm.state is AlarmState.NOTIFIED
    alarm = life.gathered(alarm, replace(GONE, count=5), at(9)).alarm
    assert returns_until(alarm) == at(309)
    assert events == []
    assert [e[0] for e in told(life.elapsed(alarm, at(309)))] == ["resolve"]


def test_what_returns_is_still_acknowledged() -> None:
    known = life.acknowledged(opened().alarm, "x", at(5)).alarm
    gone = life.gathered(known, GONE, at(6)).alarm
    back = life.gathered(gone, replace(HERE, count=2), at(7))
    assert (back.alarm.state, back.signals) == (AlarmState.ACKNOWLEDGED, ())
    assert back.alarm.next_at == at(1805)


def test_a_run_that_is_over_when_it_is_told_is_told_all_the_same() -> None:
    step = opened(seen=GONE)
    assert step.events == (Event.OPENED, Event.NOTIFIED, Event.PASSED)
    assert step.alarm.state is AlarmState.RESOLVED


def test_a_latching_one_waits_for_its_acknowledgement() -> None:
    step = opened(replace(POLICY, latching=True), GONE)
    assert step.alarm.state is AlarmState.NOTIFIED
    known = life.acknowledged(step.alarm, "x", at(9))
    assert known.alarm.state is AlarmState.RESOLVED
    assert known.alarm.acknowledged_at == at(9)


def test_what_was_withdrawn_is_ended_at_once_and_may_be_found_again() -> None:
    step = life.gathered(opened().alarm, NOTHING, at(5))
    step = step.then(life.elapsed(step.alarm, at(5)))
    assert step.alarm.state is AlarmState.WITHDRAWN
    assert [e[0] for e in told(step)] == ["resolve"]
    back = life.gathered(step.alarm, HERE, at(6))
    assert told(back) == [("trigger", 1, 1, ["nurse"])]


def test_what_a_clinician_put_down_stays_down() -> None:
    step = life.put_down(opened().alarm, "x", at(5), in_error=False)
    assert step.alarm.state is AlarmState.RESOLVED
    assert returns_until(step.alarm) is None
    down = life.elapsed(step.alarm, at(5))
    assert [e[0] for e in told(down)] == ["resolve"]
    again = life.gathered(down.alarm, replace(HERE, count=2), at(6))
    assert (again.alarm.state, again.signals) == (AlarmState.RESOLVED, ())
    wrong = life.put_down(opened().alarm, "x", at(5), in_error=True)
    assert wrong.alarm.state is AlarmState.WITHDRAWN
    assert life.put_down(wrong.alarm, "x", at(6), in_error=True).events == ()


def test_a_graver_one_calls_by_the_policy_of_its_new_priority() -> None:
    known = life.acknowledged(opened(NOBODY).alarm, "x", at(5)).alarm
    seen = replace(HERE, priority=Priority.HIGH)
    assert life.rises(known, Priority.HIGH)
    assert not life.rises(known, Priority.LOW)
    step = life.gathered(known, seen, at(6), POLICY)
    assert told(step) == [("trigger", 1, 1, ["nurse"])]
    assert step.alarm.policy == POLICY


@pytest.mark.parametrize("state", AlarmState)
def test_every_end_can_be_reached_and_left_by_the_table_alone(state: AlarmState) -> None:
    assert state is AlarmState.OPEN or state in TRANSITIONS.values()
    ways = {event for (before, event) in TRANSITIONS if before is state}
    assert (Event.RETURNED in ways) == (state in OVER)


policies = st.builds(
    EscalationPolicy,
    st.just("any"),
    levels=st.lists(st.sampled_from([0.0, 30.0, 90.0]), max_size=3).map(
        lambda delays: tuple(Level(d, (NURSE,) if n else (DOCTOR,))
                             for n, d in enumerate(sorted(delays)))
    ),
    repeat_s=st.none() | st.sampled_from([10.0, 100.0]),
    repeats_max=st.integers(0, 3),
    realert_s=st.none() | st.just(200.0),
    expires_s=st.none() | st.just(500.0),
    quiet_s=st.sampled_from([0.0, 60.0]),
    latching=st.booleans(),
)  # fmt: skip


class Life(RuleBasedStateMachine):
    """Any events in any order."""

    alarm: Alarm
    now: datetime
    signals: list[Signal]

    @initialize(policy=policies, gone=st.booleans())
    def open(self, policy: EscalationPolicy, gone: bool) -> None:
        self.now, self.signals = T0, []
        self.then(opened(policy, GONE if gone else HERE))

    def then(self, step: Step) -> None:
        step = step.then(life.elapsed(step.alarm, self.now))
        self.alarm = step.alarm
        self.signals += step.signals

    @rule(seconds=st.sampled_from([0, 1, 31, 100, 700]))
    def wait(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)
        self.then(Step(self.alarm))

    @rule(gone=st.booleans(), count=st.integers(0, 3), priority=st.sampled_from(Priority))
    def gather(self, gone: bool, count: int, priority: Priority) -> None:
        seen = replace(GONE if gone or not count else HERE, count=count, priority=priority)
        graver = self.alarm.policy if life.rises(self.alarm, priority) else None
        self.then(life.gathered(self.alarm, seen, self.now, graver))

    @rule()
    def acknowledge(self) -> None:
        self.then(life.acknowledged(self.alarm, "somebody", self.now))

    @rule()
    def reject(self) -> None:
        self.then(life.rejected(self.alarm, self.now))

    @rule(wrong=st.booleans())
    def put_down(self, wrong: bool) -> None:
        self.then(life.put_down(self.alarm, "somebody", self.now, in_error=wrong))

    @invariant()
    def no_message_is_put_out_twice(self) -> None:
        keys = [(s.event, s.level, s.round, to) for s in self.signals for to in s.recipients]
        assert len(keys) == len(set(keys))

    @invariant()
    def nothing_that_is_due_is_left(self) -> None:
        assert self.alarm.next_at is None or self.alarm.next_at > self.now
        assert life.elapsed(self.alarm, self.now) == Step(self.alarm)

    @invariant()
    def it_ends_exactly_when_it_is_over(self) -> None:
        assert (self.alarm.ended_at is not None) == self.alarm.is_over
        assert self.alarm.settled <= self.alarm.is_over
        if self.alarm.state is AlarmState.ACKNOWLEDGED:
            assert self.alarm.acknowledged_at is not None
        if self.alarm.put_down:
            assert self.alarm.is_over

    @invariant()
    def who_was_told_hears_of_the_end(self) -> None:
        open_, order = set[Recipient](), {MessageEvent.TRIGGER: True, MessageEvent.RESOLVE: False}
        for signal in self.signals:
            if order.get(signal.event) is True:
                open_ |= set(signal.recipients)
            elif order.get(signal.event) is False:
                assert set(signal.recipients) == open_
                open_ = set()
        assert open_ == set(self.alarm.reached)
        assert not (self.alarm.settled and open_)


TestLife = Life.TestCase


@given(policies, st.integers(0, 5000))
def test_time_in_one_step_ends_where_it_does_in_many(policy: EscalationPolicy, end: int) -> None:
    alarm = opened(policy).alarm
    quick = life.elapsed(alarm, at(end)).alarm
    for second in range(0, end, 50):
        alarm = life.elapsed(alarm, at(second)).alarm
    assert (quick.state in OVER) == (life.elapsed(alarm, at(end)).alarm.state in OVER)
