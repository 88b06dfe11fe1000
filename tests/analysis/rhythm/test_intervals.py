"""QRS, QT and QTc of made beats of known width, and the refusals."""

from collections.abc import Sequence

import numpy as np
import pytest

from analysis.rhythm.intervals import intervals
from core.ecg import Intervals
from tests.analysis.synthetic import SINUS, Wave, ecg, regular

P = (0.1, -0.18, 0.020)
NARROW = (P, (-0.15, -0.030, 0.008), (1.0, 0.0, 0.013), (-0.35, 0.034, 0.010), (0.3, 0.28, 0.05))
NEGATIVE = (P, (0.35, -0.032, 0.010), (-1.1, 0.0, 0.013), (0.3, 0.27, 0.05))
LEFT_BLOCK = (P, (0.8, -0.025, 0.020), (0.75, 0.035, 0.021), (-0.3, 0.32, 0.05))
RIGHT_BLOCK = (P, (1.0, 0.0, 0.012), (-0.5, 0.07, 0.016), (0.3, 0.33, 0.05))


def truth_ms(waves: Sequence[Wave]) -> tuple[float, float]:
    """Where the complex leaves and falls under 5 % of its peak, and where T's tangent ends."""
    t = np.arange(-0.3, 0.6, 1e-4)
    complex_mv = sum(h * np.exp(-0.5 * ((t - c) / w) ** 2) for h, c, w in waves[1:-1])
    over = t[np.abs(complex_mv) > 0.05 * np.abs(complex_mv).max()]
    end = waves[-1][1] + 2 * waves[-1][2]  # of a Gaussian: two standard deviations
    return 1e3 * (over[-1] - over[0]), 1e3 * (end - over[0])


def measured(
    waves: Sequence[Wave], rate_hz: float, noise_mv: float = 0.02, seed: int = 0
) -> Intervals | None:
    beats_s = regular(12, 0.9)
    mv = ecg(rate_hz, 12, beats_s, (waves,), noise_mv, seed)
    peaks = [round(beat * rate_hz) for beat in beats_s]
    return intervals(mv, rate_hz, peaks, [True] * len(peaks))


@pytest.mark.parametrize("rate_hz", [125.0, 128.5, 250.0, 500.0])
@pytest.mark.parametrize("waves", [NARROW, NEGATIVE, LEFT_BLOCK, RIGHT_BLOCK])
def test_intervals_of_made_beats_are_those_they_were_made_with(
    waves: Sequence[Wave], rate_hz: float
) -> None:
    qrs_ms, qt_ms = truth_ms(waves)
    found = measured(waves, rate_hz)
    assert found is not None
    assert found.qrs_ms == pytest.approx(qrs_ms, abs=15)
    assert found.qt_ms == pytest.approx(qt_ms, abs=20)
    assert found.qtc_ms == pytest.approx((found.qt_ms or 0) / 0.9 ** (1 / 3), abs=4)


def test_neither_gain_nor_polarity_matters() -> None:
    turned = [(-0.3 * height, centre, width) for height, centre, width in NARROW]
    found, other = measured(NARROW, 250.0, 0.0), measured(turned, 250.0, 0.0)
    assert found is not None
    assert other is not None
    assert other.qrs_ms == pytest.approx(found.qrs_ms, abs=6)
    assert other.qt_ms == pytest.approx(found.qt_ms, abs=12)


def test_nothing_is_told_without_clean_normal_beats() -> None:
    beats_s = regular(12, 0.9)
    mv = ecg(250.0, 12, beats_s)
    peaks = [round(beat * 250) for beat in beats_s]
    normal = [True] * len(peaks)
    assert intervals(mv, 250.0, peaks, [False] * len(peaks)) is None
    lost = mv.copy()
    lost[100] = np.nan
    assert intervals(lost, 250.0, peaks, normal) is None
    noise = np.random.default_rng(3).standard_normal(len(mv))
    assert intervals(noise, 250.0, peaks, normal) is None
    assert intervals(np.zeros(len(mv)), 250.0, peaks, normal) is None
    assert intervals(mv[:900], 250.0, peaks[:4], normal[:4]) is None
    fast = [round(beat * 250) for beat in np.arange(0.2, 11.8, 0.22)]
    assert intervals(mv, 250.0, fast, [True] * len(fast)) is None


def test_a_flat_t_wave_has_no_end_and_a_spike_is_no_complex() -> None:
    flat = measured((*SINUS[:-1], (0.0, 0.26, 0.045)), 250.0)
    assert flat is not None
    assert flat.qt_ms is None
    spike = measured(((1.0, 0.0, 0.006), (0.3, 0.27, 0.05)), 500.0)
    assert spike is None or spike.qrs_ms is None


def test_every_strip_of_a_long_recording_has_its_qt() -> None:
    beats_s = regular(600, 0.9)
    mv = ecg(125.0, 600, beats_s)
    for first in range(0, 75_000 - 1496, 1496):
        peaks = [round(b * 125) - first for b in beats_s if first <= b * 125 < first + 1496]
        found = intervals(mv[first : first + 1496], 125.0, peaks, [True] * len(peaks))
        assert found is not None
        assert found.qt_ms == pytest.approx(380, abs=25)
