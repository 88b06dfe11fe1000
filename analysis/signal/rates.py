"""Heart rate and RR statistics (Task Force 1996, doi:10.1161/01.CIR.93.5.1043).

Only intervals between two beats of the same stretch count, without a missing sample between
them. No interval is thrown away for being implausible: that would hide arrhythmia.
"""

from collections.abc import Iterable
from itertools import pairwise

import numpy as np

from analysis.session.segment import Stretch
from core.ecg import Rate

BEATS = 3
"""A rate takes so many beats in a row."""


def rr_runs_ms(stretch: Stretch, reach: int = 1) -> list[list[float]]:
    """The RR intervals in ms, in unbroken runs, from ``reach`` beats before the strip's on."""
    if not stretch.peaks:
        return []
    peaks = [*stretch.earlier[-reach:], *stretch.peaks]
    runs: list[list[float]] = [[]]
    for peak, following in pairwise(peaks):
        if stretch.valid[max(peak, 0) : following].all():
            runs[-1].append((following - peak) * 1000 / stretch.rate_hz)
        else:
            runs.append([])
    return [run for run in runs if run]


def rate(stretches: Iterable[Stretch]) -> Rate | None:
    """The rate of a strip, None with fewer than three beats in a row.

    A strip with fewer of its own reaches back to beats before it, within CONTEXT_S of its end.
    """
    parts = list(stretches)
    few = sum(len(part.peaks) for part in parts) < BEATS
    runs = [run for part in parts for run in rr_runs_ms(part, BEATS - 1 if few else 1)]
    rr_ms = np.array([rr for run in runs for rr in run])
    steps_ms = np.array([step for run in runs for step in np.diff(run)])
    if steps_ms.size == 0:
        return None
    mean_ms = float(rr_ms.mean())
    return Rate(
        heart_rate_per_min=60_000 / mean_ms,
        rr_mean_ms=mean_ms,
        rr_min_ms=float(rr_ms.min()),
        rr_max_ms=float(rr_ms.max()),
        sdnn_ms=float(rr_ms.std(ddof=1)),
        rmssd_ms=float(np.sqrt(np.mean(steps_ms**2))),
    )
