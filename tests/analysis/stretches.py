"""Stretches of signal for tests of what is read from them."""

import numpy as np
import numpy.typing as npt

from analysis.session.segment import Stretch
from analysis.signal.filters import BandPass
from analysis.signal.rpeaks import RPeakDetector

RATE_HZ = 125.0


def stretch_of(
    signal_mv: npt.NDArray[np.float64],
    peaks: tuple[int, ...] | None = None,
    *,
    earlier: tuple[int, ...] = (),
    invalid: slice | None = None,
    rate_hz: float = RATE_HZ,
) -> Stretch:
    """The whole signal as one stretch, filtered, its R peaks detected unless given."""
    if peaks is None:
        detector = RPeakDetector(rate_hz)
        peaks = (*detector.push(signal_mv), *detector.flush())
    valid = np.ones(len(signal_mv), dtype=np.bool_)
    if invalid is not None:
        valid[invalid] = False
    filtered = BandPass(rate_hz).push(signal_mv)
    return Stretch(
        rate_hz, 0.001, 0, filtered, valid, 0, len(signal_mv), earlier, tuple(peaks), None
    )
