"""Heart rate and RR statistics against numbers worked by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.signal.rates import rate
from tests.analysis.stretches import stretch_of

SIGNAL = np.zeros(2000)


def test_statistics_of_known_intervals() -> None:
    found = rate([stretch_of(SIGNAL, (100, 200, 325, 425))])  # 800, 1000, 800 ms
    assert found is not None
    assert found.heart_rate_per_min == pytest.approx(60_000 / (2600 / 3))
    assert found.rr_mean_ms == pytest.approx(2600 / 3)
    assert (found.rr_min_ms, found.rr_max_ms) == (800.0, 1000.0)
    assert found.sdnn_ms == pytest.approx(115.470054)
    assert found.rmssd_ms == pytest.approx(200.0)


def test_the_interval_that_ends_in_the_strip_belongs_to_it() -> None:
    found = rate([stretch_of(SIGNAL, (50, 175), earlier=(-50,))])
    assert found is not None
    assert (found.rr_min_ms, found.rr_max_ms) == (800.0, 1000.0)


def test_no_interval_over_missing_samples_or_between_stretches() -> None:
    broken = stretch_of(SIGNAL, (100, 200, 300, 900, 1000, 1100), invalid=slice(500, 510))
    found = rate([broken, stretch_of(SIGNAL, (1500, 1600))])
    assert found is not None
    assert found.rr_max_ms == 800.0
    assert found.rmssd_ms == 0.0


def test_a_short_strip_reaches_back_to_three_beats() -> None:
    found = rate([stretch_of(SIGNAL, (1200,), earlier=(100, 450, 800))])
    assert found is not None
    assert (found.rr_min_ms, found.rr_max_ms) == (2800.0, 3200.0)


def test_a_strip_without_a_beat_has_no_rate_of_earlier_ones() -> None:
    assert rate([stretch_of(SIGNAL, (), earlier=(100, 200, 300))]) is None


@pytest.mark.parametrize("peaks", [(), (100,), (100, 200)])
def test_too_few_beats_have_no_rate(peaks: tuple[int, ...]) -> None:
    assert rate([stretch_of(SIGNAL, peaks)]) is None
    assert rate([]) is None


@given(st.lists(st.integers(30, 400), min_size=2, max_size=30))
def test_statistics_are_in_order(intervals: list[int]) -> None:
    peaks = np.cumsum([10, *intervals])
    found = rate([stretch_of(np.zeros(int(peaks[-1]) + 10), tuple(peaks.tolist()))])
    assert found is not None
    assert found.rr_min_ms <= found.rr_mean_ms * (1 + 1e-12)
    assert found.rr_mean_ms <= found.rr_max_ms * (1 + 1e-12)
    assert found.rmssd_ms <= found.rr_max_ms - found.rr_min_ms + 1e-9
    assert found.heart_rate_per_min * found.rr_mean_ms == pytest.approx(60_000)
