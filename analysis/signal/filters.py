"""Causal filters with carried state: filtered in chunks equals filtered whole, bit for bit.

Butterworth filters as second-order sections (`scipy.signal.butter`, `scipy.signal.sosfilt`). The
pass band 0.5-40 Hz is that of bedside monitors; it bends the ST segment (Kligfield 2007,
doi:10.1161/CIRCULATIONAHA.106.180200), so ST must never be read from it.
"""

from functools import lru_cache

import numpy as np
import numpy.typing as npt
from scipy import signal

Samples = npt.NDArray[np.float64]

LOW_HZ = 0.5
HIGH_HZ = 40.0
ORDER = 4
"""Order of the band-pass: two poles at each edge."""
FILTER_SPEC = f"butterworth band-pass {LOW_HZ}-{HIGH_HZ} Hz, order {ORDER}, causal, sos"
MAX_ABS_MV = 1e6
"""Inputs are clipped here, far beyond any ECG, so that no filter can overflow."""


@lru_cache(maxsize=64)
def _sections(rate_hz: float) -> Samples:
    return signal.butter(ORDER // 2, (LOW_HZ, HIGH_HZ), "bandpass", fs=rate_hz, output="sos")


def hold_finite(x: npt.ArrayLike, held: float) -> Samples:
    """``x`` as a fresh float64[n], each non-finite sample replaced by the last finite one.

    ``held`` stands before the first sample. Values are clipped to +-MAX_ABS_MV.
    """
    samples = np.array(x, dtype=np.float64).ravel()
    finite = np.isfinite(samples)
    if not finite.all():
        padded = np.concatenate(([held], np.where(finite, samples, 0.0)))
        last = np.maximum.accumulate(np.where(finite, np.arange(1, samples.size + 1), 0))
        samples = padded[last]
    return np.clip(samples, -MAX_ABS_MV, MAX_ABS_MV, out=samples)


class BandPass:
    """The 0.5-40 Hz band-pass of one unbroken segment, fed chunk by chunk.

    Its state starts as if the first sample had lasted for ever, so a segment begins without a
    step. ``state`` is float64[sections, 2], all NaN until the first sample; give it back to the
    constructor to go on where another instance stopped. ``rate_hz`` must exceed 80.
    """

    def __init__(self, rate_hz: float, state: Samples | None = None) -> None:
        self._sections = _sections(rate_hz)
        shape = (len(self._sections), 2)
        self._state = np.full(shape, np.nan) if state is None else state.reshape(shape).copy()

    @property
    def state(self) -> Samples:
        """A copy of the filter state, float64[sections, 2] (NaN: no sample yet)."""
        return self._state.copy()

    def prime(self, first_mv: float) -> None:
        """Begin as if ``first_mv`` (finite, mV) had lasted for ever."""
        self._state = signal.sosfilt_zi(self._sections) * first_mv

    def push(self, x: npt.ArrayLike) -> Samples:
        """Filter the next n samples: float64[n] in mV, finite, to float64[n] in mV.

        A non-finite sample counts as the finite one before it in the same chunk (0 if none).
        """
        samples = hold_finite(x, 0.0)
        if samples.size == 0:
            return samples
        if np.isnan(self._state).any():
            self.prime(float(samples[0]))
        filtered, self._state = signal.sosfilt(self._sections, samples, zi=self._state)
        return filtered
