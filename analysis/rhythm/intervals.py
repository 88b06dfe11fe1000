"""QRS duration, QT and QTc of a strip's clean normal beats, delineated by neurokit2.

``ecg_delineate`` by prominence (https://neuropsychology.github.io/NeuroKit/functions/ecg.html;
Emrich 2024): of its methods the quickest and the steadiest on single leads. QT is corrected after
Fridericia 1920 (doi:10.1111/j.1542-474X.2003.08413.x, reprint). The library takes seconds and
100 MB to import, so it is loaded with the first strip that is measured; ``load`` does so ahead.
"""

import importlib
import warnings
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import numpy as np
import numpy.typing as npt

from analysis.rhythm.usual import correlation, window
from analysis.signal.zero_phase import zero_phase
from core.ecg import Intervals

Floats = npt.NDArray[np.float64]

METHOD = "neurokit2 prominence, 0.5-40 Hz zero phase, QTc after Fridericia"
LEAST_BEATS = 5
MAX_SPREAD_MS = 50.0
"""Half of the beats' values must lie as close together as this, or the ends were not found."""
QRS_MS, QT_MS = (40.0, 240.0), (200.0, 700.0)
ALIKE = 0.85
"""Mean correlation of the normal beats (R peak to T wave) with their median, or nothing is told."""
BEFORE_S, AFTER_S = 0.10, 0.40
SNAP_S = 0.06
"""How far the filter used for detection may have moved an R peak."""


def intervals(
    mv: Floats, rate_hz: float, peaks: Sequence[int], normal: Sequence[bool]
) -> Intervals | None:
    """The medians over the normal beats of float64[n] in mV, unfiltered; NaN where none was.

    ``peaks`` are positions of all R peaks, ascending; ``normal`` says which are of class N. None
    where samples are missing, too few beats are clean or their values disagree.
    """
    if not np.isfinite(mv).all() or sum(normal) < LEAST_BEATS:
        return None
    filtered = zero_phase(np.asarray(mv, dtype=np.float64), rate_hz)
    found = [_snap(filtered, peak, rate_hz) for peak in peaks]
    beats = [peak for peak, is_normal in zip(found, normal, strict=True) if is_normal]
    if len(set(found)) != len(found) or not _are_alike(filtered, beats, rate_hz):
        return None
    marks = _delineate(filtered, rate_hz, found)
    chosen = np.array(normal, dtype=np.bool_)
    ms = 1000 / rate_hz
    at = np.array(found, dtype=np.float64)
    starts = -_first_after(-marks["ECG_R_Onsets"][::-1], -at[::-1])[::-1]
    qrs = _agreed((_first_after(marks["ECG_R_Offsets"], at) - starts)[chosen] * ms, QRS_MS)
    qt = _agreed((_first_after(marks["ECG_T_Offsets"], at) - starts)[chosen] * ms, QT_MS)
    if qrs is None and qt is None:
        return None
    rr_s = float(np.median(np.diff(found))) / rate_hz
    corrected = None if qt is None else round(qt / rr_s ** (1 / 3), 1)
    return Intervals(qrs, qt, corrected, METHOD)


def load() -> Any:
    """The library, seconds later if this is the first call; safe to be called by any thread."""
    return importlib.import_module("neurokit2")


def _are_alike(filtered: Floats, beats: list[int], rate_hz: float) -> bool:
    """The quality gate: whether the beats repeat."""
    windows = [window(filtered, beat, BEFORE_S, AFTER_S, rate_hz) for beat in beats]
    whole = np.array([cut for cut in windows if len(cut)])
    if len(whole) < LEAST_BEATS:
        return False
    usual = np.median(whole, axis=0)
    usual -= usual.mean()
    return float(np.mean([correlation(usual, cut) or 0.0 for cut in whole])) >= ALIKE


def _snap(filtered: Floats, peak: int, rate_hz: float) -> int:
    """The largest deflection near a peak."""
    reach = round(SNAP_S * rate_hz)
    first = max(0, peak - reach)
    return first + int(np.argmax(np.abs(filtered[first : peak + reach + 1])))


def _delineate(filtered: Floats, rate_hz: float, peaks: list[int]) -> dict[str, Floats]:
    """The library's marks as positions, ascending; it leaves some out, each at another beat."""
    neurokit2, marks = load(), dict[str, Any]()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns of each wave that it does not find
        # Whatever it stumbles over, the strip's beats and alarms must not wait for it.
        with suppress(Exception):
            _, marks = neurokit2.ecg_delineate(
                filtered, np.array(peaks), sampling_rate=rate_hz, method="prominence"
            )
    names = ("ECG_R_Onsets", "ECG_R_Offsets", "ECG_T_Offsets")
    found = {name: np.array(marks.get(name, ()), dtype=np.float64) for name in names}
    return {name: np.sort(each[np.isfinite(each)]) for name, each in found.items()}


def _first_after(marks: Floats, at: Floats) -> Floats:
    """For each position the first mark at it or after it and before the next position, or NaN."""
    which = np.searchsorted(marks, at)
    first = np.append(marks, np.inf)[which]
    return np.where(first < np.append(at[1:], np.inf), first, np.nan)


def _agreed(values: Floats, limits: tuple[float, float]) -> float | None:
    """The median of the plausible values, None where they are few or far apart."""
    plausible = values[(values >= limits[0]) & (values <= limits[1])]
    if plausible.size < max(LEAST_BEATS, len(values) / 2):
        return None
    low, middle, high = np.percentile(plausible, (25, 50, 75))
    return None if high - low > MAX_SPREAD_MS else round(float(middle), 1)
