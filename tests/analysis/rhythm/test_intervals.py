"""QRS, QT and QTc of made beats, and the refusals."""

import numpy as np
import pytest

from analysis.rhythm.intervals import intervals
from tests.analysis.synthetic import ecg, regular

RATE_HZ = 250.0


def test_intervals_of_made_beats_and_none_without_clean_ones() -> None:
    beats_s = regular(12, 0.9)
    mv = ecg(RATE_HZ, 12, beats_s)
    peaks = [round(beat * RATE_HZ) for beat in beats_s]
    normal = [True] * len(peaks)
    found = intervals(mv, RATE_HZ, peaks, normal)
    assert found is not None
    assert found.qt_ms == pytest.approx(400, abs=40)  # T wave: centre 260 ms, 45 ms wide
    assert found.qtc_ms == pytest.approx((found.qt_ms or 0) / 0.9 ** (1 / 3), abs=4)
    assert found.qrs_ms is not None
    assert 40 <= found.qrs_ms <= 120
    assert intervals(mv, RATE_HZ, peaks, [False] * len(peaks)) is None
    lost = mv.copy()
    lost[100] = np.nan
    assert intervals(lost, RATE_HZ, peaks, normal) is None
    noise = np.random.default_rng(3).standard_normal(len(mv))
    assert intervals(noise, RATE_HZ, peaks, normal) is None


def test_marks_that_the_library_leaves_out_are_not_taken_for_those_of_other_beats() -> None:
    beats_s = regular(600, 0.9)
    mv = ecg(125.0, 600, beats_s)
    for first in range(0, 75_000 - 1496, 1496):  # among them strips of 14 offsets and 13 onsets
        peaks = [round(b * 125) - first for b in beats_s if first <= b * 125 < first + 1496]
        found = intervals(mv[first : first + 1496], 125.0, peaks, [True] * len(peaks))
        assert found is not None
        assert found.qt_ms == pytest.approx(400, abs=40)
