"""Sessions that are put off: for how long, and how many at most."""

from analysis.work.postponed import BACKOFF_MAX_S, MOST, Postponed


class Clock:
    now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


def test_who_waits_is_passed_over_until_then() -> None:
    clock = Clock()
    postponed = Postponed(clock)
    postponed.wait(7, 2.0)
    assert postponed.rows() == [7]
    clock.now_s += 2.0
    assert postponed.rows() == []


def test_failures_in_a_row_wait_longer_up_to_a_bound() -> None:
    clock = Clock()
    postponed = Postponed(clock)
    waits = []
    for _ in range(12):
        waits.append(postponed.failed(7))
        assert postponed.rows() == [7]
        clock.now_s += waits[-1]
        assert postponed.rows() == []
    assert waits[:4] == [1.0, 2.0, 4.0, 8.0]
    assert waits[-1] == BACKOFF_MAX_S
    postponed.worked(7)
    assert postponed.failed(7) == 1.0


def test_memory_is_bounded() -> None:
    postponed = Postponed(Clock())
    for row in range(MOST + 5):
        postponed.wait(row, 60.0)
    assert len(postponed.rows()) == MOST
    assert 0 not in postponed.rows()
