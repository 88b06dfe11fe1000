"""When the network is asked early: a row of broad beats, or a heart that becomes fast."""

from analysis.rhythm.onset import Onset

RATE_HZ = 125.0


def asked(gaps_s: list[float], others: list[int]) -> list[int]:
    onset, at, found = Onset(), 0, list[int]()
    for i, (gap_s, other) in enumerate(zip(gaps_s, others, strict=True)):
        at += round(gap_s * RATE_HZ)
        if onset.push(at, other, RATE_HZ):
            found.append(i)
    return found


def test_a_slow_row_of_broad_beats_is_asked_about_twice_with_a_beat_after_it() -> None:
    assert asked([1.1] * 12, [0, 0, *range(1, 11)]) == [5, 7]
    assert asked([1.1] * 6, [0, 1, 2, 3, 0, 0]) == [4], "the run's last beat has its successor"


def test_a_burst_is_asked_about_when_it_ends() -> None:
    assert asked([0.8, 0.8, 0.5, 0.5, 1.0, 0.8], [0] * 6) == [4]
    assert asked([0.8, 0.8, 0.5, 1.0, 0.8, 0.5, 0.9], [0] * 7) == [], "one early beat is none"


def test_a_heart_that_becomes_fast_is_asked_about_twice_and_not_for_ever() -> None:
    assert asked([0.8] * 6 + [0.5] * 40, [0] * 46) == [8, 13]


def test_a_rate_at_the_limit_does_not_ask_again() -> None:
    assert asked([0.8] * 6 + [0.59] * 10 + [0.61] * 5 + [0.59] * 10, [0] * 31) == [9, 14]


def test_after_a_gap_it_begins_anew() -> None:
    onset = Onset()
    for i in range(10):
        onset.push(50 * i, 0, RATE_HZ)
    onset.lose()
    assert not any(onset.push(10_000 + 50 * i, 0, RATE_HZ) for i in range(4))
    assert onset.push(10_200, 0, RATE_HZ)
