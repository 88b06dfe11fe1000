"""The circuit breaker, its clock in our hands."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.remote.breaker import Breaker, State


class Clock:
    now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock() -> Clock:
    return Clock()


def broken(clock: Clock, told: list[State]) -> Breaker:
    breaker = Breaker(3, 10.0, told.append, clock)
    for _ in range(3):
        assert breaker.admits()
        breaker.failed()
    return breaker


def test_it_opens_after_so_many_failures_in_a_row(clock: Clock) -> None:
    told: list[State] = []
    breaker = Breaker(3, 10.0, told.append, clock)
    for call in (breaker.failed, breaker.failed, breaker.succeeded, breaker.failed, breaker.failed):
        assert breaker.admits()
        call()
    assert told == [State.CLOSED]
    breaker.failed()
    assert told == [State.CLOSED, State.OPEN]
    assert not breaker.admits()


def test_one_probe_after_a_while_closes_it(clock: Clock) -> None:
    told: list[State] = []
    breaker = broken(clock, told)
    clock.now_s = 9.99
    assert not breaker.admits()
    clock.now_s = 10.0
    assert [breaker.admits() for _ in range(3)] == [True, False, False]
    breaker.succeeded()
    assert breaker.admits()
    assert told == [State.CLOSED, State.OPEN, State.HALF_OPEN, State.CLOSED]


def test_a_failed_probe_opens_it_anew(clock: Clock) -> None:
    breaker = broken(clock, [])
    clock.now_s = 12.0
    assert breaker.admits()
    breaker.failed()
    clock.now_s = 21.9
    assert not breaker.admits()
    clock.now_s = 22.0
    assert breaker.admits()


@given(calls=st.lists(st.tuples(st.floats(0, 20), st.booleans()), max_size=60))
def test_whatever_happens_it_lets_a_call_pass_again(calls: list[tuple[float, bool]]) -> None:
    clock = Clock()
    breaker = Breaker(2, 10.0, clock=clock)
    for later_s, well in calls:
        clock.now_s += later_s
        if breaker.admits():
            (breaker.succeeded if well else breaker.failed)()
        assert breaker.state is not State.HALF_OPEN
    clock.now_s += 10.1
    assert breaker.admits()
