import numpy as np
import pytest

from analysis.patient.window import BEFORE, WINDOW_SAMPLES, factors, window, window_stop


def pulse(rate_hz: float, at_s: float = 2.0) -> np.ndarray:
    t = np.arange(round(4 * rate_hz)) / rate_hz
    return np.asarray(np.exp(-(((t - at_s) / 0.03) ** 2)))


@pytest.mark.parametrize("rate_hz", [100.0, 125.0, 137.0, 250.0, 257.0, 360.0, 500.0, 1000.0])
def test_r_is_at_its_place_whatever_the_rate(rate_hz: float) -> None:
    cut = window(pulse(rate_hz), round(2 * rate_hz), rate_hz)
    reference = window(pulse(125), 250, 125)
    assert cut is not None
    assert reference is not None
    assert cut.shape == (WINDOW_SAMPLES,)
    assert cut.argmax() == BEFORE
    np.testing.assert_allclose(cut, reference, atol=0.06)


@pytest.mark.parametrize("rate_hz", [125.0, 250.0, 360.0])
def test_it_needs_no_more_signal_than_it_says(rate_hz: float) -> None:
    signal, r = pulse(rate_hz), round(2 * rate_hz)
    stop = window_stop(r, rate_hz)
    assert window(signal[: stop - 1], r, rate_hz) is None
    early, late = window(signal[:stop], r, rate_hz), window(signal, r, rate_hz)
    assert early is not None
    assert late is not None
    np.testing.assert_array_equal(early, late)


def test_what_lies_before_the_signal_is_its_first_value() -> None:
    cut = window(np.arange(200.0), 10, 125)
    assert cut is not None
    assert cut[: BEFORE - 10].tolist() == [0.0] * (BEFORE - 10)
    assert cut[BEFORE] == 10.0


def test_a_window_that_is_not_finite_is_none() -> None:
    signal = pulse(125)
    signal[260] = np.nan
    assert window(signal, 250, 125) is None


def test_the_rate_is_kept_within_a_ten_thousandth() -> None:
    up, down = factors(128.0)
    assert up / down == pytest.approx(125 / 128, rel=1e-4)


def test_no_rate_is_off_by_more_than_is_said() -> None:
    rates_hz = np.arange(100.0, 655.36, 0.37)
    ratios = [
        up / down * rate_hz / 125.0 for rate_hz in rates_hz for up, down in [factors(rate_hz)]
    ]
    assert np.abs(np.array(ratios) - 1).max() < 0.006
    for rate_hz in (125.0, 200.0, 250.0, 360.0, 400.0, 500.0):
        up, down = factors(rate_hz)
        assert up * rate_hz == down * 125.0
