"""A beat's RR intervals beside those that came before it, in bounded memory.

Ratios to the middle and to the longer intervals of short and long windows: where ectopic beats are
the majority, the median is theirs, and only the longer intervals are the sinus node's. Measures
of irregularity tell premature beats from atrial fibrillation.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

LONG, MIDDLE, SHORT = 256, 32, 8
"""Intervals that are remembered, and those of them in the shorter windows."""
LATEST = 6
MAX_LOG = 2.0
STEP = 0.12
"""Share of the usual interval by which one must be shorter than the last for a new rhythm."""
INTERVAL_NAMES = (
    "previous", "next", "next/previous", "previous/before",
    *(f"{which}/{what}" for which in ("previous", "next")
      for what in ("mean 8", "median 32", "q25 32", "q75 32", "median 256", "q90 256")),
    "previous/max 8", "previous/max 32", "previous/max of 3", "mean 8/median 256",
    *(f"{i + 1} back/median 32" for i in range(LATEST)),
    "q90/q10 32", "q90/q50 256", "since step", "over step", "jitter 8", "jitter 32",
    "uneven 32", "seen",
)  # fmt: skip
INTERVALS_SPEC = f"intervals 1: {LONG} {MIDDLE} {SHORT} {LATEST} {MAX_LOG} {STEP} {INTERVAL_NAMES}"

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
    long50, long90 = _quantiles(long, (0.5, 0.9))
    references = (short.mean(), q50, q25, q75, long50, long90)
    latest = ([q50] * LATEST + usual)[-LATEST:][::-1]
    ratios = np.array(
        [
            previous / 0.8, next_s / 0.8, next_s / previous, previous / usual[-1],
            *(previous / reference for reference in references),
            *(next_s / reference for reference in references),
            previous / short.max(), previous / middle.max(), previous / short[-3:].max(),
            short.mean() / long50,
            *(interval / q50 for interval in latest),
            q90 / q10, long90 / long50,
        ]
    )  # fmt: skip
    steps = np.abs(np.diff(middle)) / q50 if len(middle) > 1 else np.zeros(1)
    spread = [np.median(steps[-SHORT:]), np.median(steps), np.mean(steps > 0.1)]
    seen = [min(len(before_s), MIDDLE) / MIDDLE]
    since = _since_step(np.append(middle, previous), STEP * q50)
    return np.concatenate((np.clip(np.log(ratios), -MAX_LOG, MAX_LOG), since, spread, seen))


def _since_step(latest: Values, step_s: float) -> list[float]:
    """How long ago an interval was shorter by a step than that before, and the fall since."""
    falls = np.flatnonzero(np.diff(latest) < -step_s)
    if falls.size == 0:
        return [1.0, 0.0]
    last = int(falls[-1])
    over = float(np.clip(np.log(latest[-1] / latest[last]), -MAX_LOG, MAX_LOG))
    return [min((len(latest) - 2 - last) / MIDDLE, 1.0), over]


def _quantiles(values: Values, shares: Sequence[float]) -> list[float]:
    ordered = np.sort(values)
    return [float(ordered[round(share * (len(ordered) - 1))]) for share in shares]
