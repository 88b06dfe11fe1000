"""Beat detectors side by side: ours, and those of sleepecg, wfdb and neurokit2.

Each finds R peaks in channel 0 of a record and returns seconds, ascending. The libraries read
the whole record at once, as they are made to (gqrs needs a long learning run); sleepecg is asked a
second time over a sliding window, for it is the one that can be used on a stream so.
"""

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from importlib.metadata import version
from pathlib import Path

import neurokit2
import numpy as np
import wfdb
import wfdb.processing
from scipy.signal import resample_poly
from sleepecg.heartbeats import detect_heartbeats

from analysis.signal.rpeaks import DETECTOR_VERSION
from core.chunk import SAMPLES_PER_CHUNK
from model.ec57 import Floats, detect, read_lead

SERVED_RATE_HZ = 125.0
WINDOW_S, SETTLED_S = 10.0, 0.5
SLEEPECG_REFRACTORY_S = 0.2
SLEEPECG_LEAST_S = 10.0
QRS_HALF_S = 0.06
GQRS_UNITS_PER_MV, GQRS_HEIGHT_MV = 200.0, 1.25
"""QRS complexes are brought to this height for gqrs: the best of 1, 1.25 and 1.5 mV on MIT-BIH."""


@dataclass(frozen=True, slots=True)
class Engine:
    """One detector: ``find`` takes a lead, float64[n] in mV, and its rate in Hz.

    ``rate_hz`` is what the lead is resampled to, None for the record's own. ``streaming``: beats
    are settled as the signal comes, and never taken back.
    """

    name: str
    title: str
    version: str
    streaming: bool
    rate_hz: float | None
    find: Callable[[Floats, float], Floats]


def _sleepecg(lead_mv: Floats, rate_hz: float) -> Floats:
    """The C core, only where it stays within its memory (else no beats are found).

    It reads 2 s unasked and keeps one RR interval for each whole refractory period
    (https://github.com/cbrnr/sleepecg, _heartbeat_detection.c).
    """
    n, refractory = len(lead_mv), int(SLEEPECG_REFRACTORY_S * rate_hz)
    safe = n >= SLEEPECG_LEAST_S * rate_hz and (n - 3) // (refractory + 1) + 1 < n // refractory
    if not safe or not np.isfinite(lead_mv).all() or np.ptp(lead_mv) == 0:
        return np.empty(0)
    return np.asarray(detect_heartbeats(lead_mv, rate_hz), dtype=np.float64) / rate_hz


def _sleepecg_window(lead_mv: Floats, rate_hz: float) -> Floats:
    """At each chunk, over the last 10 s: a peak is told once it is older than 0.5 s."""
    width, end = round(WINDOW_S * rate_hz), len(lead_mv)
    found, told_s = [], 0.0
    for stop in (*range(width, end, SAMPLES_PER_CHUNK), end):
        first = max(0, stop - width)
        peaks_s = first / rate_hz + _sleepecg(lead_mv[first:stop], rate_hz)
        until_s = np.inf if stop == end else stop / rate_hz - SETTLED_S
        found.append(peaks_s[(peaks_s >= told_s) & (peaks_s < until_s)])
        told_s = until_s
    return np.concatenate([np.empty(0), *found])


def _xqrs(lead_mv: Floats, rate_hz: float) -> Floats:
    peaks = wfdb.processing.xqrs_detect(lead_mv, fs=rate_hz, verbose=False)
    return np.asarray(peaks, dtype=np.float64) / rate_hz


def _gqrs(lead_mv: Floats, rate_hz: float) -> Floats:
    """With QRS complexes brought to one height: gqrs trusts the amplitude that it is told."""
    factor = Fraction(SERVED_RATE_HZ / rate_hz).limit_denominator(1000)
    coarse = resample_poly(lead_mv, factor.numerator, factor.denominator, padtype="line")
    half = round(QRS_HALF_S * rate_hz)
    peaks = np.rint(_sleepecg(coarse, SERVED_RATE_HZ) * rate_hz).astype(int)
    heights = [np.ptp(lead_mv[max(0, r - half) : r + half]) for r in peaks if r + half > 0]
    height_mv = float(np.median(heights)) if heights else 0.0
    gain = GQRS_HEIGHT_MV / height_mv if height_mv else 1.0
    codes = np.rint(lead_mv * gain * GQRS_UNITS_PER_MV).astype(np.int64)
    found = wfdb.processing.gqrs_detect(
        d_sig=codes, fs=rate_hz, adc_gain=GQRS_UNITS_PER_MV, adc_zero=0
    )
    return np.asarray(found, dtype=np.float64) / rate_hz


def _neurokit(method: str) -> Callable[[Floats, float], Floats]:
    def find(lead_mv: Floats, rate_hz: float) -> Floats:
        clean = neurokit2.ecg_clean(lead_mv, sampling_rate=rate_hz, method=method)
        found = neurokit2.ecg_findpeaks(clean, sampling_rate=rate_hz, method=method)
        return np.asarray(found["ECG_R_Peaks"], dtype=np.float64) / rate_hz

    return find


def lead_of(record: Path, engine: Engine) -> tuple[Floats, float]:
    """Channel 0 of a record in mV as an engine wants it, and its rate in Hz."""
    rate_hz = engine.rate_hz or float(wfdb.rdheader(str(record)).fs)
    return read_lead(record, rate_hz), rate_hz


OURS = "ours"
_SLEEPECG, _WFDB = version("sleepecg"), version("wfdb")
_NEUROKIT = version("neurokit2")
ENGINES = (
    Engine(OURS, "ours, chunk by chunk", DETECTOR_VERSION, True, SERVED_RATE_HZ, detect),
    Engine("ours-native", "ours, at the record's rate", DETECTOR_VERSION, True, None, detect),
    Engine("sleepecg-window", "sleepecg, 10 s window", _SLEEPECG, True, 125.0, _sleepecg_window),
    Engine("sleepecg", "sleepecg, whole record", _SLEEPECG, False, SERVED_RATE_HZ, _sleepecg),
    Engine("xqrs", "wfdb xqrs, whole record", _WFDB, False, None, _xqrs),
    Engine("gqrs", "wfdb gqrs, calibrated, whole", _WFDB, False, None, _gqrs),
    Engine("neurokit", "neurokit2 default, whole", _NEUROKIT, False, None, _neurokit("neurokit")),
    Engine(
        "neurokit-pantompkins",
        "neurokit2 pantompkins1985",
        _NEUROKIT,
        False,
        None,
        _neurokit("pantompkins1985"),
    ),
)
