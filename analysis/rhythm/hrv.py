"""Heart rate variability of clean normal beats, time and frequency domain.

Task Force 1996 (doi:10.1161/01.CIR.93.5.1043): NN intervals only, five minutes for the spectrum,
VLF to 0.04 Hz, LF to 0.15 Hz, HF to 0.4 Hz. The spectrum is the Lomb-Scargle periodogram of
``scipy.signal`` (doi:10.1007/BF00648343): gaps left by ectopic beats need no interpolation.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from scipy import signal

from core.ecg import Hrv

Floats = npt.NDArray[np.float64]

VLF_HZ, LF_HZ, HF_HZ, TOP_HZ = 0.003, 0.04, 0.15, 0.40
SPECTRUM_S = 300.0
"""The spectrum takes five minutes; LF needs two at least."""
LEAST_S, LEAST_INTERVALS = 120.0, 60
LEAST_SHARE = 0.8
"""Share of the time that NN intervals must cover for a spectrum."""
PNN_STEP_MS = 50.0
RR_MIN_MS, RR_MAX_MS = 300.0, 2000.0
LARGEST_STEP = 0.20
"""An interval that differs more from the one before (by share) is no NN interval: a missed or an
extra beat, as the Task Force's editing asks."""


def nn_intervals(at_s: Sequence[float], is_normal: Sequence[bool]) -> tuple[Floats, Floats]:
    """Times (s, of the second beat) and lengths (ms) of the intervals between clean normal beats.

    ``at_s`` ascending; ``is_normal`` says of each beat that it is of class N, in a readable strip.
    """
    times, normal = np.asarray(at_s, dtype=np.float64), np.asarray(is_normal, dtype=np.bool_)
    if times.size < 2:
        return np.empty(0), np.empty(0)
    rr_ms = np.diff(times) * 1000
    keep = normal[1:] & normal[:-1] & (rr_ms >= RR_MIN_MS) & (rr_ms <= RR_MAX_MS)
    step = np.abs(np.diff(rr_ms)) / rr_ms[:-1]
    keep[1:] &= ~(keep[:-1] & (step > LARGEST_STEP))
    return times[1:][keep], rr_ms[keep]


def hrv(at_s: Sequence[float], is_normal: Sequence[bool]) -> Hrv | None:
    """The variability of up to some minutes of beats, None with fewer than LEAST_INTERVALS."""
    times, nn_ms = nn_intervals(at_s, is_normal)
    if nn_ms.size < LEAST_INTERVALS:
        return None
    follows = np.isclose(np.diff(times) * 1000, nn_ms[1:], atol=1.0)
    steps = np.diff(nn_ms)[follows]
    bands = _bands(times, nn_ms)
    return Hrv(
        intervals=int(nn_ms.size),
        mean_nn_ms=round(float(nn_ms.mean()), 2),
        sdnn_ms=round(float(nn_ms.std(ddof=1)), 2),
        rmssd_ms=round(float(np.sqrt(np.mean(steps**2))), 2) if steps.size else 0.0,
        pnn50=round(float(np.mean(np.abs(steps) > PNN_STEP_MS)), 4) if steps.size else 0.0,
        vlf_ms2=bands[0] if bands else None,
        lf_ms2=bands[1] if bands else None,
        hf_ms2=bands[2] if bands else None,
    )


def _bands(times: Floats, nn_ms: Floats) -> tuple[float, float, float] | None:
    """Power in ms2 of VLF, LF and HF; None of too little signal, or too much of it missing."""
    length_s = float(times[-1] - times[0])
    if length_s < LEAST_S or nn_ms.sum() / 1000 < LEAST_SHARE * length_s:
        return None
    step_hz = 1 / max(length_s, SPECTRUM_S)
    hz = np.arange(VLF_HZ, TOP_HZ, step_hz)
    power = signal.lombscargle(times, nn_ms - nn_ms.mean(), 2 * np.pi * hz)
    # A sine of amplitude A has A^2 n / 4 in its line: scaled so that a line's power is A^2 / 2.
    density = power * 2 / nn_ms.size * length_s
    edges = np.searchsorted(hz, (LF_HZ, HF_HZ))
    vlf, lf, hf = (round(float(part.sum() * step_hz), 2) for part in np.split(density, edges))
    return vlf, lf, hf
