"""What four seconds of signal look like without beats: fibrillation, or nothing.

Ventricular fibrillation and flutter are near to a sine wave: a filter that cancels the mean
frequency leaves little of them (the VF filter, Kuo and Dillman 1978; Amann 2005,
doi:10.1186/1475-925X-4-60). The limits were chosen on DS1, whose record 207 holds the only
flutter of the MIT-BIH records; its other records leave 0.55 or more in 99 of 100 windows.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Signal = npt.NDArray[np.float64]

WINDOW_S = 4.0
"""Fibrillation is 4 s of its waves (CinC 2015 challenge)."""
LEAKAGE_FROM, LEAKAGE_STAYS = 0.48, 0.60
MIN_HZ, MAX_HZ = 2.2, 10.0
MIN_CROWDED = 0.35
"""Share of the samples beyond a fifth of the largest: a heartbeat rests between its waves."""
MIN_PEAK_MV = 0.1
"""Waves below this cannot be told from noise: fibrillation too fine to see."""
STEEP_S = 0.016
STILL_SHARE = 0.30
"""Nothing as steep as this share of the usual QRS is seen: no beat."""
STILL_MV = 0.05
"""The same for a heart that was not seen before."""


@dataclass(frozen=True, slots=True)
class Waves:
    """``leakage`` 0 (a sine) to 1, ``mean_hz``, ``crowded`` share, largest deflection and step."""

    leakage: float
    mean_hz: float
    crowded: float
    peak_mv: float
    steep_mv: float

    def is_fibrillation(self, *, stays: bool) -> bool:
        """Whether these are fibrillation's or flutter's waves; milder limits where they go on."""
        limit = LEAKAGE_STAYS if stays else LEAKAGE_FROM
        return (
            self.leakage < limit
            and MIN_HZ <= self.mean_hz <= MAX_HZ
            and self.crowded >= MIN_CROWDED
            and self.peak_mv >= MIN_PEAK_MV
        )

    def is_still(self, usual_steep_mv: float | None) -> bool:
        """Whether nothing here is as steep as a QRS complex; ``usual_steep_mv``: those before."""
        limit = STILL_MV if usual_steep_mv is None else STILL_SHARE * usual_steep_mv
        return self.steep_mv < limit


def waves(signal: Signal, rate_hz: float) -> Waves:
    """Measure float64[n] in mV, band-passed, of WINDOW_S at ``rate_hz``."""
    x = signal - signal.mean()
    total, steps = float(np.abs(x).sum()), float(np.abs(np.diff(x)).sum())
    # Half the mean period: the mean of a sine's amplitude over that of its steps.
    half = max(1, min(round(np.pi * total / max(steps, 1e-9)), len(x) // 2))
    size = float((np.abs(x[half:]) + np.abs(x[:-half])).sum())
    peak = float(np.abs(x).max())
    step = max(1, round(STEEP_S * rate_hz))
    return Waves(
        leakage=float(np.abs(x[half:] + x[:-half]).sum()) / size if size else 1.0,
        mean_hz=rate_hz / (2 * half),
        crowded=float(np.mean(np.abs(x) > 0.2 * peak)),
        peak_mv=peak,
        steep_mv=float(np.abs(x[step:] - x[:-step]).max()),
    )
