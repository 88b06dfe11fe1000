import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from analysis.patient.rhythm import MEMORY, RHYTHM_NAMES, rhythm

_s = st.floats(0.05, 4.0)


def named(before_s: list[float], previous_s: float | None, next_s: float) -> dict[str, float]:
    values = rhythm(before_s, previous_s, next_s).tolist()
    return dict(zip(RHYTHM_NAMES, values, strict=True))


def test_fibrillation_is_told_from_an_extrasystole_in_sinus_rhythm() -> None:
    generator = np.random.default_rng(1)
    irregular = named(generator.uniform(0.4, 1.1, 200).tolist(), 0.5, 0.8)
    single = named([0.8] * 100 + [0.5, 1.1] + [0.8] * 20, 0.5, 1.1)
    for name in ("RMSSD 32", "RMSSD 128", "entropy 32", "entropy 128", "quartiles"):
        assert irregular[name] > 2 * single[name]
    assert irregular["close 32"] < 0.3 < 0.8 < single["close 32"]


def test_blocked_beats_are_whole_multiples_and_alternate() -> None:
    blocked = named([0.9, 1.8] * 60, 0.9, 1.8)
    assert blocked["whole multiples"] == 1.0
    assert blocked["echo 128"] < -0.9
    assert blocked["previous/q90 400"] < -0.6


def test_where_ectopic_beats_fill_two_minutes_five_minutes_still_know_the_sinus_node() -> None:
    told = named([1.0] * 150 + [0.6] * 128, 0.6, 0.6)
    assert abs(told["previous/mean 128"]) < 1e-9
    assert told["previous/median 400"] < -0.5
    assert told["previous/steady 400"] < -0.5


@given(st.lists(_s, max_size=450), st.none() | _s, _s)
def test_values_are_finite_and_bounded(
    before_s: list[float], previous_s: float | None, next_s: float
) -> None:
    values = rhythm(before_s, previous_s, next_s)
    assert values.shape == (len(RHYTHM_NAMES),)
    assert np.isfinite(values).all()
    assert np.abs(values).max() < 100.0
    np.testing.assert_array_equal(values, rhythm(before_s[-MEMORY:], previous_s, next_s))
