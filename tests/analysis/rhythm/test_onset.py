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


def test_a_slow_row_of_broad_beats_is_asked_about_twice() -> None:
    assert asked([1.1] * 12, [0, 0, *range(1, 11)]) == [4, 6]


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
