"""Hard technical checks of a signal: flat, saturated, or all of its power outside the heart's band.

They tell of electrodes and electronics, never of a heart: no check looks at a rate or for beats.
Band shares as in the usual indices (Li 2008, doi:10.1088/0967-3334/29/1/002).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from analysis.session.segment import Stretch
from analysis.signal.filters import HIGH_HZ, LOW_HZ
from core.ecg import RefusalReason

Floats = npt.NDArray[np.float64]

MAX_SATURATED = 0.05
"""Share of the samples at the end of the range that a strip, or one second of it, may have."""
MAX_ABOVE_BAND = 0.8
"""Share of the power that may lie above the pass band; a heartbeat has a few per cent there."""
QRS_FROM_HZ = 5.0
MIN_QRS_BAND = 0.001
"""Share of the power that must lie above 5 Hz; 5 % is the least in half of the MIT-BIH records."""
LEAST_S = 2.0
"""What is shorter is judged neither flat nor hum: it may lie between two beats of a slow heart."""
FLAT_MV = 0.02
FLAT_LSB = 4
"""A strip that moves less than both is flat: far below any QRS complex on the skin."""
FIBRILLATION_HZ = (2.0, 10.0)
"""Where ventricular fibrillation and flutter have their power (Clayton 1995,
doi:10.1016/0002-9149(95)90000-4; Amann 2005, doi:10.1186/1475-925X-4-60)."""
MIN_FIBRILLATION = 0.6


@dataclass(frozen=True, slots=True)
class Counts:
    """Samples of a strip: its length, and how many were received, without leads, at a rail.

    ``saturated`` are the counts of each second begun. ``clock_jumps``: how often the device's
    clock was set between two chunks that follow each other.
    """

    n_samples: int
    received: int
    lead_off: int
    saturated: tuple[int, ...] = ()
    clock_jumps: int = 0

    @property
    def missing(self) -> int:
        """Samples without a value."""
        return self.n_samples - self.received + self.lead_off


def losses(counts: Counts) -> list[RefusalReason]:
    """What parts of the strip, or its times, cannot be relied on."""
    found = {
        RefusalReason.LEAD_OFF: counts.lead_off > 0,
        RefusalReason.GAP: counts.received < counts.n_samples,
        RefusalReason.CLOCK_JUMP: counts.clock_jumps > 0,
    }
    return [reason for reason, is_so in found.items() if is_so]


def faults(stretches: Sequence[Stretch], counts: Counts) -> list[RefusalReason]:
    """Why the strip cannot be read whatever the heart does, at most one reason."""
    if sum(counts.saturated) > MAX_SATURATED * counts.n_samples:
        return [RefusalReason.SATURATED]
    long = [s for s in stretches if s.high - s.low >= LEAST_S * s.rate_hz]
    if long and all(is_flat(s, s.low, s.high) for s in long):
        return [RefusalReason.FLAT]
    return [RefusalReason.NOISE] if long and all(map(_is_hum, long)) else []


def is_flat(stretch: Stretch, first: int, stop: int) -> bool:
    """Whether the signal does not move in [``first``, ``stop``)."""
    samples = stretch.signal[first:stop][stretch.valid[first:stop]]
    movement = float(np.ptp(samples)) if samples.size else 0.0
    return movement < max(FLAT_MV, FLAT_LSB * stretch.lsb_mv)


def is_in_fibrillation_band(stretches: Sequence[Stretch]) -> bool:
    """Whether the longest stretch has most of its power where fibrillation has it."""
    longest = max(stretches, key=lambda s: s.high - s.low, default=None)
    if longest is None or longest.high - longest.low < LEAST_S * longest.rate_hz:
        return False
    hz, power = _power(longest)
    pass_band = (hz >= LOW_HZ) & (hz < HIGH_HZ)
    inside = (hz >= FIBRILLATION_HZ[0]) & (hz < FIBRILLATION_HZ[1])
    return bool(power[inside].sum() >= MIN_FIBRILLATION * power[pass_band].sum())


def _is_hum(stretch: Stretch) -> bool:
    """Whether mains hum or breathing is all there is: they repeat better than any heart.

    Under a Hann window: without one, a slow wave that the strip cuts off leaks into all bands.
    """
    hz, power = _power(stretch, np.hanning(stretch.high - stretch.low))
    total = float(power.sum())
    above, qrs = power[hz >= HIGH_HZ].sum(), power[hz >= QRS_FROM_HZ].sum()
    return bool(above > MAX_ABOVE_BAND * total or qrs < MIN_QRS_BAND * total)


def _power(stretch: Stretch, taper: Floats | None = None) -> tuple[Floats, Floats]:
    samples = stretch.signal[stretch.low : stretch.high]
    if taper is not None:
        samples = (samples - samples.mean()) * taper
    hz = np.fft.rfftfreq(len(samples), 1 / stretch.rate_hz).astype(np.float64)
    power: Floats = np.abs(np.fft.rfft(samples)[1:]) ** 2
    return hz[1:], power
