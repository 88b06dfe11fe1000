"""ECGs with R peaks at known times: sums of Gaussian waves (McSharry 2003,
doi:10.1109/TBME.2003.808805)."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Wave = tuple[float, float, float]
"""Height in mV, centre and width (standard deviation) in s from the R peak."""

SINUS: tuple[Wave, ...] = (
    (0.12, -0.17, 0.022),
    (-0.12, -0.028, 0.009),
    (1.1, 0.0, 0.011),
    (-0.22, 0.028, 0.010),
    (0.30, 0.26, 0.045),
)
VENTRICULAR: tuple[Wave, ...] = ((1.9, 0.0, 0.030), (-0.9, 0.075, 0.03), (-0.5, 0.30, 0.06))


def regular(seconds: float, interval_s: float = 0.8, first_s: float = 0.4) -> Floats:
    """R times of a steady rhythm with a little respiration in it."""
    times = np.arange(first_s, seconds - 0.3, interval_s)
    return times + 0.02 * np.sin(2 * np.pi * times / 4.0)


def ecg(
    rate_hz: float,
    seconds: float,
    beats_s: npt.ArrayLike,
    waves: Sequence[Sequence[Wave]] = (SINUS,),
    noise_mv: float = 0.01,
    seed: int = 0,
) -> Floats:
    """float64[n] in mV: beat k has the shape ``waves[k % len(waves)]``, on a wandering baseline."""
    t = np.arange(round(seconds * rate_hz)) / rate_hz
    signal = 0.15 * np.sin(2 * np.pi * 0.2 * t) + 0.3
    for k, beat in enumerate(np.asarray(beats_s, dtype=np.float64)):
        for height, centre, width in waves[k % len(waves)]:
            signal += height * np.exp(-0.5 * ((t - beat - centre) / width) ** 2)
    return signal + noise_mv * np.random.default_rng(seed).standard_normal(t.size)
