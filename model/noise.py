"""Noise to be added to clean records: four kinds, made from a seed, at a named SNR.

The kinds are those of the MIT-BIH Noise Stress Test Database (baseline wander, electrode motion,
muscle; Moody 1984, Computers in Cardiology 11:381-384) and mains hum. They are synthesised, after
what is published of their spectra: wander below 1 Hz, electrode motion as steps and waves in the
very band of the QRS complex, muscle from 20 Hz up in bursts (Sornmo and Laguna 2005, chapter 7).
The SNR is that of ``nst`` (https://physionet.org/physiotools/wag/nst-1.htm).
"""

from collections.abc import Callable
from enum import StrEnum

import numpy as np
import numpy.typing as npt
from scipy import signal

Floats = npt.NDArray[np.float64]

SNRS_DB = (24.0, 18.0, 12.0, 6.0, 0.0, -6.0)
"""The steps of the Noise Stress Test Database."""
TRIM = 0.05
"""The share of the largest and of the smallest values that ``sigamp`` leaves out."""
QRS_S = 0.05
"""``sigamp`` measures a QRS complex this far to both sides of its mark."""
SIGNAL_BEATS = 300
MAINS_HZ = 50.0


class NoiseKind(StrEnum):
    """What disturbs an ECG."""

    BASELINE_WANDER = "baseline-wander"
    ELECTRODE_MOTION = "electrode-motion"
    MUSCLE = "muscle"
    MAINS = "mains"


def make_noise(kind: NoiseKind, n: int, rate_hz: float, seed: int) -> Floats:
    """Noise of one kind, float64[n] at ``rate_hz``, of RMS 1 by ``noise_rms``."""
    generator = np.random.default_rng([seed, list(NoiseKind).index(kind)])
    made = _GENERATORS[kind](n, rate_hz, generator)
    return made / noise_rms(made, rate_hz)


def signal_power(signal_mv: Floats, beats: npt.NDArray[np.int64], rate_hz: float) -> float:
    """Power of the QRS complexes in mV^2, as of a sine with their peak-to-peak amplitude.

    ``beats``: positions of the complexes; the first 300 count, as in ``sigamp``.
    """
    reach = round(QRS_S * rate_hz)
    inside = [at for at in beats.tolist() if reach <= at < len(signal_mv) - reach][:SIGNAL_BEATS]
    heights = [float(np.ptp(signal_mv[at - reach : at + reach + 1])) for at in inside]
    return _trimmed_mean(np.array(heights)) ** 2 / 8


def noise_rms(noise: Floats, rate_hz: float) -> float:
    """RMS of noise as ``sigamp`` has it: of each second about its own mean, then trimmed."""
    second = max(round(rate_hz), 2)
    whole = noise[: len(noise) // second * second].reshape(-1, second)
    return _trimmed_mean(whole.std(axis=1))


def add_noise(signal_mv: Floats, noise: Floats, power_mv2: float, snr_db: float) -> Floats:
    """``signal_mv`` plus ``noise`` (float64[n], RMS 1), ``snr_db`` below ``power_mv2``."""
    gain: float = np.sqrt(power_mv2 * 10 ** (-snr_db / 10))
    return signal_mv + gain * noise


def _trimmed_mean(values: Floats) -> float:
    ordered = np.sort(values)
    cut = int(TRIM * len(ordered))
    return float(ordered[cut : len(ordered) - cut].mean())


def _shaped(
    n: int, rate_hz: float, gain: Callable[[Floats], Floats], rng: np.random.Generator
) -> Floats:
    """Gaussian noise whose amplitude spectrum is ``gain`` (of frequencies in Hz)."""
    hz = np.fft.rfftfreq(n, 1 / rate_hz).astype(np.float64)
    line: Floats = np.fft.irfft(np.fft.rfft(rng.standard_normal(n)) * gain(hz), n)
    return line / float(line.std())


def _wander(n: int, rate_hz: float, rng: np.random.Generator) -> Floats:
    """Drift (amplitude as 1/f from 0.05 Hz, gone by 1 Hz) and breathing at about 0.25 Hz."""
    drift = _shaped(n, rate_hz, lambda hz: 1 / np.maximum(hz, 0.05) / (1 + (hz / 0.7) ** 4), rng)
    pace = 0.25 + 0.03 * _slow(n, rate_hz, rng)
    return drift + 0.5 * np.sin(2 * np.pi * np.cumsum(pace) / rate_hz)


def _motion(n: int, rate_hz: float, rng: np.random.Generator) -> Floats:
    """Potential steps that decay within 0.1 to 0.8 s, about one a second, on 1-10 Hz waves."""
    line = np.zeros(n)
    time_s = np.arange(n) / rate_hz
    for at_s in np.cumsum(rng.exponential(1.0, int(2 * n / rate_hz) + 8)):
        after = time_s[time_s >= at_s] - at_s
        rise = 1 - np.exp(-after / rng.uniform(0.01, 0.05))
        line[n - len(after) :] += rng.normal() * rise * np.exp(-after / rng.uniform(0.1, 0.8))
    waves = _shaped(n, rate_hz, lambda hz: np.where((hz > 1) & (hz < 10), 1 / (1 + hz), 0.0), rng)
    return line + 0.5 * waves * np.exp(0.7 * _slow(n, rate_hz, rng))


def _muscle(n: int, rate_hz: float, rng: np.random.Generator) -> Floats:
    """Wide noise from 20 Hz up, in bursts of a second or two."""
    wide = _shaped(n, rate_hz, lambda hz: 1 / (1 + (20 / np.maximum(hz, 0.1)) ** 4), rng)
    return wide * np.exp(0.7 * _slow(n, rate_hz, rng))


def _mains(n: int, rate_hz: float, rng: np.random.Generator) -> Floats:
    """50 Hz within 0.05 Hz, swelling by a fifth, with a tenth of its third harmonic."""
    phase = 2 * np.pi * np.cumsum(MAINS_HZ + 0.05 * _slow(n, rate_hz, rng)) / rate_hz
    hum = np.sin(phase)
    if rate_hz > 6 * MAINS_HZ:
        hum = hum + 0.1 * np.sin(3 * phase)
    return hum * (1 + 0.2 * np.tanh(_slow(n, rate_hz, rng)))


def _slow(n: int, rate_hz: float, rng: np.random.Generator) -> Floats:
    """Gaussian noise below 0.5 Hz, of standard deviation 1."""
    sections = signal.butter(2, 0.5, fs=rate_hz, output="sos")
    settle = round(8 * rate_hz)
    line: Floats = signal.sosfilt(sections, rng.standard_normal(n + settle))[settle:]
    return line / float(line.std())


_GENERATORS: dict[NoiseKind, Callable[[int, float, np.random.Generator], Floats]] = {
    NoiseKind.BASELINE_WANDER: _wander,
    NoiseKind.ELECTRODE_MOTION: _motion,
    NoiseKind.MUSCLE: _muscle,
    NoiseKind.MAINS: _mains,
}
