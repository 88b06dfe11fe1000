"""Faults of electrodes and electronics are told apart from what a heart may do."""

import numpy as np
import pytest

from analysis.signal.faults import Counts, faults, is_flat, is_in_fibrillation_band, losses
from core.ecg import RefusalReason
from simulator.rhythm import Rhythm
from tests.analysis.chunks import Samples, rhythm_mv
from tests.analysis.stretches import stretch_of

N = 1496
TIME_S = np.arange(N) / 125
RNG = np.random.default_rng(5)
WHOLE = Counts(N, N, 0)


def fibrillation() -> Samples:
    """Coarse ventricular fibrillation: a wave of 4 to 6 Hz that swells and wanes."""
    phase = 2 * np.pi * np.cumsum(5 + 0.8 * np.sin(2 * np.pi * 0.31 * TIME_S)) / 125
    swell = 0.5 + 0.2 * np.sin(2 * np.pi * 0.43 * TIME_S) + 0.15 * np.sin(2 * np.pi * 1.1 * TIME_S)
    return swell * np.sin(phase) + RNG.normal(0, 0.01, N)


def test_fibrillation_is_no_fault_and_lies_in_its_band() -> None:
    stretch = stretch_of(fibrillation())
    assert faults([stretch], WHOLE) == []
    assert is_in_fibrillation_band([stretch])


@pytest.mark.parametrize(
    "signal_mv", [RNG.normal(0, 0.3, N), 0.4 * np.sin(2 * np.pi * 25 * TIME_S)], ids=["wide", "25"]
)
def test_other_movement_lies_elsewhere(signal_mv: Samples) -> None:
    assert not is_in_fibrillation_band([stretch_of(signal_mv)])
    assert not is_in_fibrillation_band([])


def test_what_electrodes_add_is_not_flat_and_a_dead_line_is() -> None:
    assert not is_flat(stretch_of(RNG.normal(0, 0.012, N)), 0, N)
    dead = stretch_of(np.full(N, 0.7))
    assert is_flat(dead, 0, N)
    assert faults([dead], WHOLE) == [RefusalReason.FLAT]
    assert faults([dead, stretch_of(rhythm_mv(Rhythm.SINUS, 12)[:N])], WHOLE) == []


def test_losses_are_named_in_order() -> None:
    assert losses(WHOLE) == []
    assert losses(Counts(N, N - 1, 1, (), 2)) == [
        RefusalReason.LEAD_OFF,
        RefusalReason.GAP,
        RefusalReason.CLOCK_JUMP,
    ]


@pytest.mark.parametrize("rate_hz", [125.0, 250.0, 360.0, 500.0])
@pytest.mark.parametrize("phase", [0.0, 1.0, 2.0, 3.0, 4.0, 5.0])
def test_breathing_that_the_strip_cuts_off_is_still_no_heart(rate_hz: float, phase: float) -> None:
    time_s = np.arange(N) / rate_hz
    slow = 3.0 * np.sin(2 * np.pi * 0.6 * time_s + phase) + RNG.normal(0, 0.01, N)
    assert faults([stretch_of(slow, rate_hz=rate_hz)], WHOLE) == [RefusalReason.NOISE]
