"""analysis.signal.filters: exact under chunking, the right pass band, no step at the start."""

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from analysis.signal.filters import MAX_ABS_MV, BandPass, hold_finite

RATES_HZ = (125.0, 250.0, 360.0, 500.0)


def gain(rate_hz: float, tone_hz: float) -> float:
    """Amplitude of a steady tone of amplitude 1 after the filter."""
    t = np.arange(round(60 * rate_hz)) / rate_hz
    filtered = BandPass(rate_hz).push(np.sin(2 * np.pi * tone_hz * t))
    settled = filtered[len(filtered) // 3 :]
    return float(np.sqrt(2 * np.mean(settled**2)))


@given(
    x=arrays(np.float64, st.integers(0, 900), elements=st.floats(-300, 300)),
    cuts=st.lists(st.integers(0, 900), max_size=8),
)
@settings(max_examples=50, deadline=None)
def test_chunks_equal_the_whole_to_the_last_bit(
    x: npt.NDArray[np.float64], cuts: list[int]
) -> None:
    whole = BandPass(125.0).push(x)
    state, parts = None, []
    for chunk in np.split(x, sorted(cuts)):
        band_pass = BandPass(125.0, state)
        parts.append(band_pass.push(chunk))
        state = band_pass.state
    assert np.array_equal(np.concatenate(parts), whole)


@pytest.mark.parametrize("rate_hz", RATES_HZ)
def test_frequency_response(rate_hz: float) -> None:
    assert gain(rate_hz, 0.05) < 0.02
    assert gain(rate_hz, 0.5) == pytest.approx(np.sqrt(0.5), abs=0.01)
    assert gain(rate_hz, 1.0) == pytest.approx(1.0, abs=0.05)
    assert gain(rate_hz, 10.0) == pytest.approx(1.0, abs=0.01)
    assert gain(rate_hz, 40.0) == pytest.approx(np.sqrt(0.5), abs=0.01)
    assert gain(rate_hz, 50.0) < 0.6


@pytest.mark.parametrize("level_mv", [-250.0, 0.0, 3.0])
def test_a_constant_leaves_nothing_from_the_first_sample_on(level_mv: float) -> None:
    filtered = BandPass(125.0).push(np.full(1000, level_mv))
    assert np.abs(filtered).max() < 1e-9 * max(1.0, abs(level_mv))


def test_the_future_does_not_change_the_past() -> None:
    x = np.random.default_rng(0).standard_normal(500)
    assert np.array_equal(BandPass(125.0).push(x)[:200], BandPass(125.0).push(x[:200]))


def test_primed_by_hand_as_by_the_first_sample() -> None:
    x = np.random.default_rng(0).standard_normal(50) + 7
    primed = BandPass(125.0)
    primed.prime(float(x[0]))
    assert np.array_equal(primed.push(x), BandPass(125.0).push(x))


def test_state_is_a_copy() -> None:
    band_pass = BandPass(125.0)
    assert np.isnan(band_pass.state).all()
    band_pass.push(np.ones(3))
    before = band_pass.state
    band_pass.push(np.arange(30.0))
    assert not np.array_equal(before, band_pass.state)


def test_what_is_not_finite_holds_the_last_value() -> None:
    x = [np.nan, 1.0, np.inf, -np.inf, np.nan, 2.0, 1e300]
    assert hold_finite(x, 0.5).tolist() == [0.5, 1.0, 1.0, 1.0, 1.0, 2.0, MAX_ABS_MV]
    assert np.isfinite(BandPass(125.0).push(x)).all()


def test_the_input_is_left_alone() -> None:
    x = np.array([1e300, np.nan])
    hold_finite(x, 0.0)
    assert x[0] == 1e300
    assert np.isnan(x[1])
