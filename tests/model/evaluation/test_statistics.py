import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model.evaluate import BINS, area_under_roc, calibration, score
from model.evaluation.statistics import intervals


def made(
    n: int, seed: int
) -> tuple[
    "np.ndarray[tuple[int], np.dtype[np.bool_]]", "np.ndarray[tuple[int], np.dtype[np.float64]]"
]:
    """Beats whose probabilities are true."""
    generator = np.random.default_rng(seed)
    told = generator.random(n) ** 2
    return generator.random(n) < told, told


def test_true_probabilities_are_calibrated_and_shifted_ones_are_not() -> None:
    positive, told = made(50_000, 1)
    assert calibration(positive, told)["ece"] < 0.01
    assert calibration(positive, np.minimum(told + 0.1, 1))["ece"] == pytest.approx(0.1, abs=0.02)


def test_bins_hold_every_beat() -> None:
    result = calibration(np.array([True, False, True]), np.array([0.0, 0.5, 1.0]))
    assert [b["beats"] for b in result["bins"]] == [1, *[0] * 6, 1, *[0] * 6, 1]
    assert result["bins"][1] == {"beats": 0, "stated": None, "observed": None}
    assert len(result["bins"]) == BINS


@given(seed=st.integers(0, 99), patients=st.integers(2, 9))
@settings(max_examples=5, deadline=None)
def test_intervals_lie_around_what_was_reached(seed: int, patients: int) -> None:
    positive, told = made(900, seed)
    groups = np.array([f"p{i % patients}" for i in range(900)])
    result = intervals(groups, positive, told, 0.5, seed)
    reached = score(positive, told, 0.5)
    for name, (low, high) in result.items():
        value = getattr(reached, name)
        assert low - 0.02 <= value <= high + 0.02
    assert result == intervals(groups, positive, told, 0.5, seed)


def test_one_patient_leaves_no_room() -> None:
    positive, told = made(2000, 3)
    low, high = intervals(np.full(2000, "p"), positive, told, 0.5, 1)["auc"]
    assert low == high == pytest.approx(area_under_roc(positive, told), abs=1e-3)


def test_nothing_has_no_interval() -> None:
    none = np.empty(0)
    assert intervals(none.astype("<U1"), none.astype(bool), none, 0.5, 1) == {}
    assert calibration(none.astype(bool), none)["ece"] == 0.0
