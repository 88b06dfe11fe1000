"""A beat's RR intervals beside those that came before it, in bounded memory.

Ratios to the middle and to the longer intervals of short and long windows: where ectopic beats are
the majority, the median is theirs, and only the longer intervals are the sinus node's. Measures
of irregularity tell premature beats from atrial fibrillation.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from analysis.patient import quick

LONG, MIDDLE, SHORT = 128, 32, 8
"""Intervals that are remembered, and those of them in the shorter windows."""
LATEST = 6
MAX_LOG = 2.0
INTERVAL_NAMES = (
    "previous", "next", "next/previous", "previous/before",
    *(f"{which}/{what}" for which in ("previous", "next")
      for what in ("mean 8", "median 32", "q25 32", "q75 32", "median 128", "q90 128")),
    *(f"{i + 1} back/median 32" for i in range(LATEST)),
    "q90/q10 32", "q75/q50 128", "jitter 8", "jitter 32",
    "uneven 32", "seen",
)  # fmt: skip
INTERVALS_SPEC = f"intervals 1: {LONG} {MIDDLE} {SHORT} {LATEST} {MAX_LOG} {INTERVAL_NAMES}"

Values = npt.NDArray[np.float64]


def intervals(before_s: Sequence[float], previous_s: float | None, next_s: float) -> Values:
    """float64[len(INTERVAL_NAMES)] of a beat; all intervals in seconds.

    ``before_s`` are those that ended before this beat's ``previous_s`` (None: it has none), oldest
    first. Ratios are natural logarithms within MAX_LOG.
    """
    usual = list(before_s[-LONG:]) or [previous_s or next_s]
    previous = usual[-1] if previous_s is None else previous_s
    long = np.array(usual)
    middle, short = long[-MIDDLE:], long[-SHORT:]
    q10, q25, q50, q75, q90 = _quantiles(middle, (0.1, 0.25, 0.5, 0.75, 0.9))
    long50, long75, long90 = _quantiles(long, (0.5, 0.75, 0.9))
    references = (quick.mean(short), q50, q25, q75, long50, long90)
    latest = ([q50] * LATEST + usual)[-LATEST:][::-1]
    ratios = np.array(
        [
            previous / 0.8, next_s / 0.8, next_s / previous, previous / usual[-1],
            *(previous / reference for reference in references),
            *(next_s / reference for reference in references),
            *(interval / q50 for interval in latest),
            q90 / q10, long75 / long50,
        ]
    )  # fmt: skip
    steps = np.abs(middle[1:] - middle[:-1]) / q50 if len(middle) > 1 else np.zeros(1)
    spread = [quick.median(steps[-SHORT:]), quick.median(steps), quick.share(steps > 0.1)]
    seen = [min(len(before_s), MIDDLE) / MIDDLE]
    return np.concatenate((np.clip(np.log(ratios), -MAX_LOG, MAX_LOG), spread, seen))


def _quantiles(values: Values, shares: Sequence[float]) -> list[float]:
    ordered = np.sort(values)
    return [float(ordered[round(share * (len(ordered) - 1))]) for share in shares]
