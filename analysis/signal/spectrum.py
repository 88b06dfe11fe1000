"""The power spectrum of a strip by Welch's method (doi:10.1109/TAU.1967.1161901).

Bands as in the usual signal quality indices (Li 2008, doi:10.1088/0967-3334/29/1/002): the QRS
complex has most of its power at 5-15 Hz, P and T waves lie below, muscle noise above.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from scipy import signal

from analysis.session.segment import Stretch
from analysis.signal.filters import Samples
from core.ecg import Spectrum

LOW_HZ, QRS_HZ, HIGH_HZ = (0.5, 5.0), (5.0, 15.0), (15.0, 40.0)
WINDOW_S = 4.0
SHORTEST_S = 2.5
"""Below this there is no spectrum: its bins would be wider than a heart rate."""


def longest_run(valid: npt.NDArray[np.bool_]) -> tuple[int, int]:
    """First and stop of the longest run of True in bool[n], (0, 0) if there is none."""
    edges = np.flatnonzero(np.diff(np.concatenate(([0], valid.astype(np.int8), [0]))))
    if edges.size == 0:
        return 0, 0
    longest = int(np.argmax(edges[1::2] - edges[::2]))
    return int(edges[2 * longest]), int(edges[2 * longest + 1])


def spectrum(stretches: Sequence[Stretch]) -> Spectrum | None:
    """Dominant frequency in Hz and band powers in mV^2 of the longest measured run.

    None if that run is shorter than SHORTEST_S.
    """
    runs = [(s, *longest_run(s.valid[s.low : s.high])) for s in stretches]
    runs = [run for run in runs if run[2] - run[1] >= SHORTEST_S * run[0].rate_hz]
    if not runs:
        return None
    stretch, first, stop = max(runs, key=lambda run: run[2] - run[1])
    samples = stretch.signal[stretch.low + first : stretch.low + stop]
    hz, density = power_density(samples, stretch.rate_hz)
    pass_band = (hz >= LOW_HZ[0]) & (hz <= HIGH_HZ[1])
    return Spectrum(
        dominant_hz=float(hz[pass_band][np.argmax(density[pass_band])]),
        power_low=_power(hz, density, LOW_HZ),
        power_qrs=_power(hz, density, QRS_HZ),
        power_high=_power(hz, density, HIGH_HZ),
    )


def power_density(samples_mv: Samples, rate_hz: float) -> tuple[Samples, Samples]:
    """Frequencies in Hz and power density in mV^2/Hz of float64[n] in mV, by Welch's method.

    Hann windows of WINDOW_S, or of all there is if that is less, overlapping by half.
    """
    window = min(len(samples_mv), round(WINDOW_S * rate_hz))
    hz, density = signal.welch(samples_mv, rate_hz, nperseg=window)
    return hz, density


def _power(
    hz: npt.NDArray[np.float64], density: npt.NDArray[np.float64], band: tuple[float, float]
) -> float:
    inside = (hz >= band[0]) & (hz < band[1])
    # Four digits: what a filter still remembers of a gap long ago changes no finding.
    return float(f"{density[inside].sum() * (hz[1] - hz[0]):.4g}")
