"""QRS duration, QT and QTc of a strip's clean normal beats, measured on their median beat.

neurokit2 finds the T wave; the ends are found on the median beat, for the library's were off by up
to 100 ms on made beats of ten shapes. There QRS lies within 15 ms of the truth in 98 %, QT 25 ms
(SD 6) under where the T wave falls to 5 % of its peak. MIT-BIH once a minute, DS2: QRS in 90 % of
minutes, median 72 ms in normals and 124 in bundle branch block (AUC 0.92); QT in 62 %, QTc of
normals 350 to 480. One lead sees less than twelve: the true QRS is longer. QT is corrected after
Fridericia 1920 (doi:10.1111/j.1542-474X.2003.08413.x, reprint).
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from analysis.rhythm.delineation import t_peak
from analysis.rhythm.median_beat import (
    LEAST_BEATS,
    RATE_HZ,
    MedianBeat,
    median_beat,
    qrs_ends,
    t_end,
)
from analysis.signal.zero_phase import zero_phase
from core.ecg import Intervals

Floats = npt.NDArray[np.float64]

METHOD = "median beat, 0.5-40 Hz zero phase; T wave by neurokit2 prominence, QTc after Fridericia"
MAX_SPREAD_MS = 25.0
"""As close as this must a value be to those of each half of the beats, or it is not told."""
QRS_MS, QT_MS = (60.0, 240.0), (200.0, 700.0)
"""Below 60 ms a complex begins or ends along the baseline, unseen by this lead: not told."""
ST_S, T_S, T_RR = 0.06, 0.50, 0.70
"""The T wave's peak lies so long after the complex, and within so much of the R peak."""
SAME_T_S = 0.03
"""The library's T peak must be the largest deflection there, but for this."""
MS = 1000 / RATE_HZ


def intervals(
    mv: Floats, rate_hz: float, peaks: Sequence[int], normal: Sequence[bool]
) -> Intervals | None:
    """QRS, QT and QTc of float64[n] in mV, unfiltered; each None where it cannot be trusted.

    ``peaks`` are positions of all R peaks, ascending; ``normal`` says which are of class N. None
    where samples are missing, too few beats are clean or their halves disagree.
    """
    if not np.isfinite(mv).all() or sum(normal) < LEAST_BEATS or rate_hz <= 80:
        return None
    filtered = zero_phase(np.asarray(mv, dtype=np.float64), rate_hz)
    beat = median_beat(filtered, rate_hz, peaks, normal)
    ends = None if beat is None else qrs_ends(beat.mv, beat.r)
    if beat is None or ends is None:
        return None
    rr_s = float(np.median(np.diff(peaks))) / rate_hz
    qrs, qt = _qrs_ms(beat, ends), _qt_ms(beat, ends, rr_s)
    if qrs is None and qt is None:
        return None
    corrected = None if qt is None else round(qt / rr_s ** (1 / 3), 1)
    return Intervals(qrs, qt, corrected, METHOD)


def _qrs_ms(beat: MedianBeat, ends: tuple[int, int]) -> float | None:
    halves = [qrs_ends(half, beat.r) for half in beat.halves()]
    lengths = [None if each is None else (each[1] - each[0]) * MS for each in halves]
    return _agreed((ends[1] - ends[0]) * MS, lengths, QRS_MS)


def _qt_ms(beat: MedianBeat, ends: tuple[int, int], rr_s: float) -> float | None:
    """From the onset to the end of the T wave, if library and eye mean the same T wave."""
    onset, offset = ends
    first = offset + round(ST_S * RATE_HZ)
    stop = min(beat.r + round(min(T_S, T_RR * rr_s) * RATE_HZ), len(beat.mv))
    peak = t_peak(beat.mv, beat.r, RATE_HZ)
    if peak is None or not first <= peak < stop:
        return None
    largest = first + int(np.argmax(np.abs(beat.mv[first:stop] - beat.mv[onset])))
    if abs(largest - peak) > SAME_T_S * RATE_HZ:
        return None
    found = [t_end(each, onset, peak) for each in (beat.mv, *beat.halves())]
    lengths = [None if end is None else (end - onset) * MS for end in found]
    return None if lengths[0] is None else _agreed(lengths[0], lengths[1:], QT_MS)


def _agreed(
    value_ms: float, halves_ms: Sequence[float | None], limits_ms: tuple[float, float]
) -> float | None:
    """The value if it is plausible and either half of the beats says the same."""
    close = [half is not None and abs(half - value_ms) <= MAX_SPREAD_MS for half in halves_ms]
    plausible = limits_ms[0] <= value_ms <= limits_ms[1]
    return round(value_ms, 1) if plausible and all(close) else None
