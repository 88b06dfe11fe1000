import numpy as np
import pytest

from analysis.signal.zero_phase import zero_phase

RATE = 125.0
T = np.arange(1496) / RATE


@pytest.mark.parametrize(("hz", "low", "high"), [(0.05, 0, 0.05), (10, 0.98, 1.02), (55, 0, 0.2)])
def test_the_band(hz: float, low: float, high: float) -> None:
    middle = slice(400, 1100)
    passed = np.ptp(zero_phase(np.sin(2 * np.pi * hz * T), RATE)[middle]) / 2
    assert low <= passed <= high


def test_a_peak_stays_where_it_is() -> None:
    mv = np.exp(-(((np.arange(1496) - 700) / 3) ** 2)) + 5
    assert int(np.argmax(zero_phase(mv, RATE))) == 700


def test_gaps_stay_and_stretches_are_apart() -> None:
    mv = np.sin(2 * np.pi * 5 * T)
    mv[500:600] = np.nan
    mv[650:700] = np.nan
    filtered = zero_phase(mv, RATE)
    assert np.array_equal(np.isnan(filtered), np.isnan(mv))
    assert np.array_equal(filtered[:500], zero_phase(mv[:500], RATE))
    assert filtered[600:650].mean() == pytest.approx(0)
