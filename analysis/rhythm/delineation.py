"""The T wave of a beat, found by neurokit2.

``ecg_delineate`` by prominence (https://neuropsychology.github.io/NeuroKit/functions/ecg.html;
Emrich 2024). The library takes seconds and 100 MB to import, so it is loaded with the first beat
that is measured; ``load`` does so ahead.
"""

import importlib
import threading
import warnings
from typing import Any

import numpy as np
import numpy.typing as npt
import structlog
from prometheus_client import Counter

Floats = npt.NDArray[np.float64]

FAILED = Counter(
    "hisbundle_analysis_delineation_failed_total", "Beats at which the delineation library failed"
)
REPEATS = 4
"""The library takes signals, not beats: it is given the beat so many times over."""

log = structlog.get_logger(__name__)
_alone = threading.Lock()
"""What catches warnings does so for all threads, and may not overlap with itself."""


def load() -> Any:
    """The library, seconds later if this is the first call; safe to be called by any thread."""
    return importlib.import_module("neurokit2")


def t_peak(mv: Floats, r: int, rate_hz: float) -> int | None:
    """The position of the T wave's peak in a beat float64[n] in mV with its R peak at ``r``.

    None where the library finds none, or fails: the strip's beats and alarms don't wait for it.
    """
    level = mv - np.linspace(mv[0], mv[-1], len(mv))
    level = level if level[r] >= 0 else -level  # it looks for the complex's maximum
    peaks = r + len(mv) * np.arange(REPEATS)
    try:
        found = _marks(np.tile(level, REPEATS), peaks, rate_hz)
    except Exception as error:
        FAILED.inc()
        log.debug("analysis.delineation_failed", error=repr(error))
        return None
    inner = found[np.isfinite(found) & (found > r) & (found < peaks[-1])] % len(mv)
    return int(np.median(inner)) if inner.size else None


def _marks(mv: Floats, peaks: npt.NDArray[np.intp], rate_hz: float) -> Floats:
    neurokit2 = load()
    with _alone, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns of each wave that it does not find
        _, marks = neurokit2.ecg_delineate(mv, peaks, sampling_rate=rate_hz, method="prominence")
    return np.array(marks.get("ECG_T_Peaks", ()), dtype=np.float64)
