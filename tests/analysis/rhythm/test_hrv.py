"""Heart rate variability against sums by hand, a sine of known power, and ectopy left out."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.rhythm.burden import Burden, burden
from analysis.rhythm.hrv import hrv, nn_intervals
from core.ecg import Beat, BeatClass


def beats_of(nn_ms: np.ndarray[tuple[int], np.dtype[np.float64]]) -> list[float]:
    times: list[float] = np.concatenate(([0.0], np.cumsum(nn_ms) / 1000)).tolist()
    return times


def modulated(hz: float, amplitude_ms: float, seconds: float = 300) -> list[float]:
    at, times = 0.0, [0.0]
    while at < seconds:
        at += (800 + amplitude_ms * np.sin(2 * np.pi * hz * at)) / 1000
        times.append(at)
    return times


def test_time_domain_is_that_of_the_task_force() -> None:
    nn_ms = np.array([800.0, 860.0, 800.0, 790.0] * 30)
    found = hrv(beats_of(nn_ms), [True] * 121)
    assert found is not None
    steps = np.diff(nn_ms)
    assert found.intervals == 120
    assert found.mean_nn_ms == pytest.approx(nn_ms.mean(), abs=0.01)
    assert found.sdnn_ms == pytest.approx(nn_ms.std(ddof=1), abs=0.01)
    assert found.rmssd_ms == pytest.approx(np.sqrt(np.mean(steps**2)), abs=0.01)
    assert found.pnn50 == pytest.approx(np.mean(np.abs(steps) > 50), abs=0.01)


@pytest.mark.parametrize(("hz", "band"), [(0.02, "vlf"), (0.1, "lf"), (0.25, "hf")])
def test_a_sine_s_power_lies_in_its_band(hz: float, band: str) -> None:
    times = modulated(hz, 40)
    found = hrv(times, [True] * len(times))
    assert found is not None
    powers = {"vlf": found.vlf_ms2, "lf": found.lf_ms2, "hf": found.hf_ms2}
    assert powers.pop(band) == pytest.approx(40**2 / 2, rel=0.15)
    assert all(power is not None and power < 80 for power in powers.values())


def test_ectopic_beats_and_missed_ones_are_left_out() -> None:
    nn_ms = np.full(100, 800.0)
    nn_ms[40], nn_ms[41], nn_ms[70] = 500.0, 1100.0, 1600.0
    normal = [True] * 101
    normal[41] = False
    _, kept = nn_intervals(beats_of(nn_ms), normal)
    assert set(np.round(kept)) == {800.0}
    found = hrv(beats_of(nn_ms), normal)
    assert found is not None
    assert found.sdnn_ms < 1e-6
    assert found.lf_ms2 is None  # too short


def test_few_beats_have_no_variability() -> None:
    assert hrv([], []) is None
    assert hrv(beats_of(np.full(30, 800.0)), [True] * 31) is None


def test_lf_hf_is_their_ratio() -> None:
    times = modulated(0.1, 40)
    found = hrv(times, [True] * len(times))
    assert found is not None
    assert found.lf_ms2 is not None
    assert found.hf_ms2 is not None
    assert found.lf_hf == pytest.approx(found.lf_ms2 / found.hf_ms2)


@given(st.lists(st.sampled_from([None, *BeatClass]), max_size=50))
def test_burdens_are_shares_of_the_classified_beats(kinds: list[BeatClass | None]) -> None:
    beats = [Beat(i, None, kind) for i, kind in enumerate(kinds)]
    found = burden(beats)
    known = [kind for kind in kinds if kind is not None]
    share = found.ventricular_share
    assert (share is None) == (not known)
    if share is not None:
        assert share == known.count(BeatClass.VENTRICULAR) / len(known)
        assert 0 <= (found.supraventricular_share or 0) <= 1
    assert burden(beats[:7]) + burden(beats[7:]) == found
    assert burden([]) == Burden(0, 0, 0, 0)
