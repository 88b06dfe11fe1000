"""A day of patience."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from alerting.subscriptions.backoff import LONGEST_S, PATIENCE, next_try

BEGUN = datetime(2026, 3, 1, tzinfo=UTC)


@given(st.floats(0, 1), st.floats(0, 86_399), st.integers(1, 10_000))
def test_pauses_are_bounded_and_end_with_the_day(
    share: float, passed_s: float, attempts: int
) -> None:
    now = BEGUN + timedelta(seconds=passed_s)
    found = next_try(now, BEGUN, attempts, lambda: share)
    assert found is not None
    assert now < found <= min(now + timedelta(seconds=LONGEST_S), BEGUN + PATIENCE)


def test_pauses_grow_and_there_are_some_three_hundred_tries() -> None:
    now, attempts, pauses = BEGUN, 0, []
    while True:
        attempts += 1
        after = next_try(now, BEGUN, attempts, lambda: 0.0)
        if after is None:
            break
        pauses.append((after - now).total_seconds())
        now = after
    assert pauses[:9] == [1, 2, 4, 8, 16, 32, 64, 128, 256]
    assert now - BEGUN == PATIENCE
    assert 290 < attempts < 300
