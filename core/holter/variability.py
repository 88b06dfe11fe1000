"""Heart rate variability over a whole recording; its frequency domain by windows of 5 min.

Task Force of the ESC and NASPE, 1996 (doi:10.1161/01.CIR.93.5.1043), section "Time Domain
Methods". Only intervals between two normal beats count. Differences of successive ones are taken
within strips of 12 s, so that one in some fifteen is left out.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from math import sqrt
from statistics import fmean, median, stdev

from core.ecg import Hrv
from core.holter.digest import Minute, Sums

SEGMENT_MINUTES = 5
LEAST_S = 150.0
"""A segment of 5 min counts where normal intervals fill half of it; so does a recording."""


@dataclass(frozen=True, slots=True)
class Variability:
    """NN intervals of a recording. The last two need at least two segments of 5 min."""

    intervals: int
    measured_s: float
    mean_ms: float
    sdnn_ms: float
    rmssd_ms: float | None
    pnn50_percent: float | None
    sdann_ms: float | None
    sdnn_index_ms: float | None


def variability(sums: Sums, minutes: Iterable[Minute]) -> Variability | None:
    """From sums over the recording and over its minutes; None under LEAST_S of NN intervals."""
    if sums.nn < 2 or sums.nn_sum_ms < LEAST_S * 1000:
        return None
    segments = _segments(minutes)
    steps = sums.nn_steps
    return Variability(
        intervals=sums.nn,
        measured_s=sums.nn_sum_ms / 1000,
        mean_ms=sums.nn_sum_ms / sums.nn,
        sdnn_ms=_deviation(sums.nn, sums.nn_sum_ms, sums.nn_squares_ms2),
        rmssd_ms=sqrt(sums.nn_step_squares_ms2 / steps) if steps else None,
        pnn50_percent=100 * sums.nn_steps_over_50_ms / steps if steps else None,
        sdann_ms=stdev(total / n for n, total, _ in segments) if len(segments) > 1 else None,
        sdnn_index_ms=(
            fmean(_deviation(*segment) for segment in segments) if len(segments) > 1 else None
        ),
    )


@dataclass(frozen=True, slots=True)
class Spectra:
    """Medians over ``windows`` of five minutes whose spectrum could be had; powers in ms2."""

    windows: int
    lf_ms2: float
    hf_ms2: float
    lf_hf: float | None


def spectra(windows: Iterable[Hrv]) -> Spectra | None:
    """The frequency domain of a recording; None without a window that has one."""
    known = [w for w in windows if w.lf_ms2 is not None and w.hf_ms2 is not None]
    if not known:
        return None
    ratios = [window.lf_hf for window in known if window.lf_hf is not None]
    return Spectra(
        windows=len(known),
        lf_ms2=median(window.lf_ms2 or 0.0 for window in known),
        hf_ms2=median(window.hf_ms2 or 0.0 for window in known),
        lf_hf=median(ratios) if ratios else None,
    )


def _segments(minutes: Iterable[Minute]) -> list[tuple[int, float, float]]:
    """Count, sum and sum of squares of the NN intervals of each segment that has enough."""
    found: dict[int, tuple[int, float, float]] = {}
    for minute in minutes:
        n, total, squares = found.get(minute.minute // SEGMENT_MINUTES, (0, 0.0, 0.0))
        found[minute.minute // SEGMENT_MINUTES] = (
            n + minute.nn,
            total + minute.nn_sum_ms,
            squares + minute.nn_squares_ms2,
        )
    return [one for one in found.values() if one[0] > 1 and one[1] >= LEAST_S * 1000]


def _deviation(n: int, total: float, squares: float) -> float:
    return sqrt(max(squares - total * total / n, 0.0) / (n - 1))
