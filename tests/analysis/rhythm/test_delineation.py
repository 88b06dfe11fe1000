"""The library finds a T wave, and what it stumbles over is counted and goes no further."""

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from structlog.testing import capture_logs

from analysis.rhythm import delineation
from analysis.rhythm.delineation import t_peak
from analysis.rhythm.median_beat import RATE_HZ, MedianBeat, qrs_ends, t_end
from tests.analysis.synthetic import ecg


def test_the_t_wave_of_a_beat_either_way_up() -> None:
    beat = ecg(RATE_HZ, 0.95, [0.3], noise_mv=0.0)
    assert t_peak(beat, 150, RATE_HZ) == pytest.approx(280, abs=5)
    assert t_peak(-beat, 150, RATE_HZ) == pytest.approx(280, abs=5)


def test_a_failure_of_the_library_is_counted_and_logged() -> None:
    beat, before = ecg(RATE_HZ, 0.95, [0.3]), _failed()
    with capture_logs() as logs:
        assert t_peak(beat, 150, float("nan")) is None
    assert _failed() == before + 1
    assert [entry["event"] for entry in logs] == ["analysis.delineation_failed"]
    assert t_peak(beat, 150, RATE_HZ) is not None
    assert _failed() == before + 1


def _failed() -> float:
    return next(iter(delineation.FAILED.collect())).samples[0].value


@given(arrays(np.float64, 475, elements=st.floats(-5, 5)))
def test_no_beat_whatever_its_samples_breaks_the_search_for_ends(
    beat: npt.NDArray[np.float64],
) -> None:
    ends = qrs_ends(beat, 150)
    assert ends is None or 0 <= ends[0] < ends[1] < len(beat)
    end = t_end(beat, 100, 280)
    assert end is None or 280 < end < len(beat)


def test_halves_are_every_other_beat() -> None:
    beats = np.arange(6.0)[:, None] * np.ones((6, 3))
    even, odd = MedianBeat(beats, np.median(beats, axis=0), 1).halves()
    assert even.tolist() == [2.0] * 3
    assert odd.tolist() == [3.0] * 3
