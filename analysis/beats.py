"""One heartbeat as the network sees it, cut the same way for training and for serving.

The form is that of the published heartbeat data set (Kachuee 2018, arXiv:1805.00794, as its
rows show it): from the R peak over 1.2 times the following RR interval, at 125 Hz, each beat
scaled to 0..1 on its own, then zeros up to 187 samples.
"""

from hashlib import sha256
from math import ceil

import numpy as np
import numpy.typing as npt
from scipy import signal as dsp

from analysis.patient.intervals import INTERVAL_NAMES, INTERVALS_SPEC
from analysis.patient.p_waves import P_NAMES, P_SPEC
from analysis.patient.rhythm import RHYTHM_NAMES, RHYTHM_SPEC
from analysis.patient.shapes import SHAPE_NAMES, SHAPES_SPEC
from analysis.patient.window import WINDOW_RATE_HZ, WINDOW_SAMPLES, WINDOW_SPEC, factors
from analysis.signal.filters import FILTER_SPEC
from analysis.signal.rpeaks import DETECTOR_VERSION

BEAT_SAMPLES = 187
BEAT_RATE_HZ = WINDOW_RATE_HZ
RR_SHARE = 1.2
"""A crop lasts this many following RR intervals, so it shows the next QRS complex as well."""
MIN_SAMPLES = 24
"""Shorter crops (192 ms at 125 Hz) are two detections in one QRS complex, not a beat."""
MIN_RANGE_MV = 0.001
"""A crop that moves less (1 uV) lies below the noise of any surface electrode: flat."""

CROP_VERSION = sha256(
    f"{FILTER_SPEC}|{DETECTOR_VERSION}|cut 1: {BEAT_SAMPLES} at {BEAT_RATE_HZ} Hz, {RR_SHARE} RR, "
    f"from {MIN_SAMPLES}, over {MIN_RANGE_MV} mV, polyphase Kaiser 5, min-max".encode()
).hexdigest()
"""Digest of all that shapes a crop, which is all that the baseline network sees."""
CONTEXT_NAMES = (*INTERVAL_NAMES, *SHAPE_NAMES, *RHYTHM_NAMES, *P_NAMES)
"""The last numbers of a row: timing and shape beside what is usual for the patient."""
BEAT_VALUES = BEAT_SAMPLES + 2 * WINDOW_SAMPLES + len(CONTEXT_NAMES)
"""A row: the crop, the window, the usual beat's window, the context (analysis.context)."""
PREPROCESSING_VERSION = sha256(
    f"{CROP_VERSION}|row 2|{WINDOW_SPEC}|{INTERVALS_SPEC}|{SHAPES_SPEC}|{RHYTHM_SPEC}|"
    f"{P_SPEC}".encode()
).hexdigest()
"""Digest of all that shapes a row; an artefact is bound to it."""

Beats = npt.NDArray[np.float32]


def beat_samples(r: int, next_r: int, rate_hz: float) -> int:
    """Length of the crop at BEAT_RATE_HZ, at most BEAT_SAMPLES; peaks count at ``rate_hz``."""
    return min(BEAT_SAMPLES, round(RR_SHARE * (next_r - r) * BEAT_RATE_HZ / rate_hz))


def beat_stop(r: int, next_r: int, rate_hz: float) -> int:
    """First sample index, at ``rate_hz``, that the crop of the beat at ``r`` no longer needs.

    A beat can be cut once the signal reaches it: at most 1.2 RR and at most 1.5 s after ``r``.
    """
    return r + ceil(beat_samples(r, next_r, rate_hz) * rate_hz / BEAT_RATE_HZ)


def cut_beat(signal: npt.NDArray[np.float64], r: int, next_r: int, rate_hz: float) -> Beats | None:
    """The beat at ``r`` as float32[187] in 0..1, or None where there is none to be read.

    ``signal`` is float64[n] in mV, from analysis.signal.filters.BandPass; ``r`` and ``next_r`` are
    indices into it of this R peak and the following one. None if the crop is shorter than
    MIN_SAMPLES, reaches beyond the signal, moves less than MIN_RANGE_MV or is not finite.
    """
    count = beat_samples(r, next_r, rate_hz)
    stop = beat_stop(r, next_r, rate_hz)
    if count < MIN_SAMPLES or r < 0 or stop > len(signal):
        return None
    crop = signal[r:stop]
    if not np.isfinite(crop).all():
        return None
    up, down = factors(rate_hz)
    if up != down:
        crop = dsp.resample_poly(crop, up, down, padtype="line")
    return _scaled(crop[:count])


def _scaled(crop: npt.NDArray[np.float64]) -> Beats | None:
    """``crop`` brought to 0..1 and zero-padded to BEAT_SAMPLES; None if it is flat."""
    lowest = crop.min()
    movement = crop.max() - lowest
    if movement < MIN_RANGE_MV:
        return None
    beat = np.zeros(BEAT_SAMPLES, dtype=np.float32)
    beat[: len(crop)] = (crop - lowest) / movement
    return beat
