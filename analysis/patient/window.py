"""An R-centred window of the band-passed signal at 125 Hz, with its regions.

Wide enough for the P wave before and the T wave after the QRS complex; what the signal lacks at its
beginning is its first value.
"""

from fractions import Fraction
from functools import lru_cache
from math import ceil

import numpy as np
import numpy.typing as npt
from scipy import signal as dsp

WINDOW_RATE_HZ = 125.0
BEFORE = 50
AFTER = 62
"""Samples before R, and from R on: 0.4 s and 0.5 s."""
WINDOW_SAMPLES = BEFORE + AFTER
QRS = slice(BEFORE - 12, BEFORE + 16)
P_WAVE = slice(BEFORE - 34, BEFORE - 9)
T_WAVE = slice(BEFORE + 16, WINDOW_SAMPLES)
MARGIN_S = 0.1
"""Signal on both sides that the resampling filter may ring in."""
WINDOW_SPEC = f"window {BEFORE}+{AFTER} at {WINDOW_RATE_HZ} Hz, QRS {QRS}, P {P_WAVE}, T {T_WAVE}"

Samples = npt.NDArray[np.float64]


@lru_cache(maxsize=32)
def factors(rate_hz: float) -> tuple[int, int]:
    """Up and down from ``rate_hz`` to WINDOW_RATE_HZ: within 0.6 % at 100 to 655.35 Hz.

    Exact at 125, 200, 250, 360, 400 and 500 Hz; the filter is kept short at the others.
    """
    factor = (Fraction(WINDOW_RATE_HZ) / Fraction(rate_hz)).limit_denominator(100)
    return factor.numerator, factor.denominator


def window_stop(r: int, rate_hz: float) -> int:
    """First sample index, at ``rate_hz``, that the window around ``r`` no longer needs."""
    up, down = factors(rate_hz)
    if up == down:
        return r + AFTER
    return r + ceil((AFTER / WINDOW_RATE_HZ + MARGIN_S) * rate_hz)


def window(signal: Samples, r: int, rate_hz: float) -> Samples | None:
    """float64[WINDOW_SAMPLES] in mV around index ``r`` of ``signal`` (float64[n], band-passed).

    None if the window reaches beyond the signal's end or is not finite.
    """
    up, down = factors(rate_hz)
    stop = window_stop(r, rate_hz)
    if r < 0 or stop > len(signal):
        return None
    before = BEFORE
    if up != down:
        # A whole number of steps of ``down`` samples, so that R falls on a resampled sample.
        steps = ceil((BEFORE / WINDOW_RATE_HZ + MARGIN_S) * rate_hz / down)
        before, at = steps * down, steps * up - BEFORE
    crop = signal[max(r - before, 0) : stop]
    if not np.isfinite(crop).all():
        return None
    crop = np.concatenate((np.full(max(before - r, 0), crop[0]), crop))
    if up == down:
        return crop
    return dsp.resample_poly(crop, up, down, padtype="line")[at : at + WINDOW_SAMPLES]
