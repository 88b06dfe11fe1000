import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from analysis.patient.intervals import INTERVAL_NAMES, MAX_LOG, intervals

_s = st.floats(0.2, 4.0)


def named(before_s: list[float], previous_s: float | None, next_s: float) -> dict[str, float]:
    values = intervals(before_s, previous_s, next_s).tolist()
    return dict(zip(INTERVAL_NAMES, values, strict=True))


def test_a_premature_beat_is_early_by_every_measure() -> None:
    told = named([0.8] * 40, 0.5, 1.1)
    early = [told[name] for name in told if name.startswith("previous/")]
    assert max(early) < -0.4
    assert told["next/median 32"] > 0.3
    assert told["seen"] == 1.0


def test_where_ectopic_beats_are_the_majority_the_longer_intervals_tell() -> None:
    told = named([0.5, 0.5, 0.5, 1.0] * 40, 0.5, 0.5)
    assert told["previous/median 32"] == 0.0
    assert told["previous/q90 128"] < -0.6


def test_irregular_rhythm_is_told_from_a_single_early_beat() -> None:
    generator = np.random.default_rng(1)
    irregular = named(generator.uniform(0.4, 1.1, 64).tolist(), 0.6, 0.8)
    single = named([0.8] * 32 + [0.5, 1.1] + [0.8] * 20, 0.8, 0.8)
    assert irregular["uneven 32"] > 0.5 > single["uneven 32"]
    assert irregular["jitter 32"] > 0.1 > single["jitter 32"]


@given(st.lists(_s, max_size=200), st.none() | _s, _s)
def test_values_are_finite_and_bounded(
    before_s: list[float], previous_s: float | None, next_s: float
) -> None:
    values = intervals(before_s, previous_s, next_s)
    assert values.shape == (len(INTERVAL_NAMES),)
    assert np.isfinite(values).all()
    assert np.abs(values).max() <= max(MAX_LOG, 20.0)


@given(st.lists(_s, min_size=130, max_size=200), _s, _s)
def test_only_the_last_intervals_are_looked_at(
    before_s: list[float], previous_s: float, next_s: float
) -> None:
    np.testing.assert_array_equal(
        intervals(before_s, previous_s, next_s), intervals(before_s[-128:], previous_s, next_s)
    )
