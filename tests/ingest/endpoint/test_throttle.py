from hypothesis import given
from hypothesis import strategies as st

from ingest.endpoint.throttle import FailureThrottle


def test_blocked_until_the_window_ends() -> None:
    throttle = FailureThrottle(3, window_s=10)
    for now_s in (0, 1, 2):
        assert not throttle.blocked("a", now_s)
        throttle.failed("a", now_s)
    assert throttle.blocked("a", 9.9)
    assert not throttle.blocked("b", 9.9)
    assert not throttle.blocked("a", 10)
    throttle.failed("a", 10)
    assert not throttle.blocked("a", 10)


@given(st.lists(st.integers(0, 100), max_size=300))
def test_memory_is_bounded_and_the_newest_are_kept(keys: list[int]) -> None:
    throttle = FailureThrottle(1, window_s=1000, keys_max=10)
    for now_s, key in enumerate(keys):
        throttle.failed(key, now_s)
    assert len(throttle._seen) <= 10
    newest = list(dict.fromkeys(reversed(keys)))[:10]
    assert all(throttle.blocked(key, len(keys)) for key in newest)
