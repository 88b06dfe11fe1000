"""Noise is what it is said to be, as strong as it is said to be, and the same for one seed."""

import numpy as np
import pytest
from scipy import signal

from model.noise import SNRS_DB, Floats, NoiseKind, add_noise, make_noise, noise_rms, signal_power

RATE_HZ = 360.0
N = round(120 * RATE_HZ)


def share(noise: Floats, low_hz: float, high_hz: float) -> float:
    hz, density = signal.welch(noise, RATE_HZ, nperseg=8192, detrend=False)
    return float(density[(hz >= low_hz) & (hz < high_hz)].sum() / density.sum())


@pytest.mark.parametrize("kind", NoiseKind)
def test_a_seed_makes_one_noise_of_unit_rms(kind: NoiseKind) -> None:
    noise = make_noise(kind, N, RATE_HZ, 1)
    assert noise.shape == (N,)
    assert (noise == make_noise(kind, N, RATE_HZ, 1)).all()
    assert not np.allclose(noise, make_noise(kind, N, RATE_HZ, 2))
    assert noise_rms(noise, RATE_HZ) == pytest.approx(1)


@pytest.mark.parametrize(
    ("kind", "low_hz", "high_hz"),
    [
        (NoiseKind.BASELINE_WANDER, 0, 1),
        (NoiseKind.ELECTRODE_MOTION, 0, 10),
        (NoiseKind.MUSCLE, 15, 180),
        (NoiseKind.MAINS, 49, 51),
    ],
)
def test_each_kind_has_its_band(kind: NoiseKind, low_hz: float, high_hz: float) -> None:
    assert share(make_noise(kind, N, RATE_HZ, 3), low_hz, high_hz) > 0.9


def test_electrode_motion_reaches_into_the_band_of_the_qrs_complex() -> None:
    assert share(make_noise(NoiseKind.ELECTRODE_MOTION, N, RATE_HZ, 3), 1, 15) > 0.1


def test_the_snr_is_that_of_the_noise_stress_test() -> None:
    beats = np.arange(200, N - 200, 300)
    clean = np.zeros(N)
    clean[beats] = 2.0  # peak to peak 2 mV: the power of a sine of amplitude 1, 0.5 mV^2
    power = signal_power(clean, beats, RATE_HZ)
    assert power == pytest.approx(0.5)
    noise = make_noise(NoiseKind.MUSCLE, N, RATE_HZ, 4)
    for snr_db in SNRS_DB:
        added = add_noise(clean, noise, power, snr_db) - clean
        assert 10 * np.log10(power / noise_rms(added, RATE_HZ) ** 2) == pytest.approx(snr_db)


def test_mains_have_their_harmonic_where_the_rate_can_hold_it() -> None:
    hz, density = signal.welch(make_noise(NoiseKind.MAINS, N, RATE_HZ, 5), RATE_HZ, nperseg=8192)
    assert density[np.abs(hz - 150) < 1].max() > 100 * density[np.abs(hz - 120) < 1].max()
    assert noise_rms(make_noise(NoiseKind.MAINS, 4000, 125.0, 5), 125.0) == pytest.approx(1)
