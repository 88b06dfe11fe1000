"""How regular the beats before were, and a beat's intervals beside the last five minutes.

In atrial fibrillation every other beat looks premature; how uneven the last half minute and two
minutes were tells it from ectopy. Where ectopy is the rule, or beats are blocked, only the longer
and the steady intervals of a long memory are the sinus node's.
"""

from collections.abc import Sequence
from math import sqrt

import numpy as np

from analysis.patient import quick
from analysis.patient.intervals import LONG, MAX_LOG, MIDDLE, Values

MEMORY = 400
"""Intervals that are remembered: five minutes at 80 beats per minute."""
STEADY, CLOSE, WHOLE = 0.08, 0.05, 0.1
"""Two intervals are steady, or close, that differ by less; a multiple is whole within so much."""
FEWEST = 5
LONGEST_S = 4.0
FLAT_S = 1e-4
BIN, BINS = 0.1, 16
LOWEST = 0.4
"""Bins of the entropy, in parts of the median interval."""
RHYTHM_NAMES = (
    *(f"{what} {n}" for what in ("RMSSD", "entropy", "close", "echo") for n in (MIDDLE, LONG)),
    "whole multiples", "quartiles", "early share", "pause share",
    *(f"{which}/{what}" for which in ("previous", "next")
      for what in ("mean 128", "mean 400", "q90 400", "median 400", "steady 400")),
    "previous/q95 400", "previous/shortest 8", "longest 8/median 128",
)  # fmt: skip
RHYTHM_SPEC = (
    f"rhythm 1: {MEMORY} {STEADY} {CLOSE} {WHOLE} {FEWEST} {LONGEST_S} {BIN} {BINS} {LOWEST} "
    f"{RHYTHM_NAMES}"
)


def rhythm(before_s: Sequence[float], previous_s: float | None, next_s: float) -> Values:
    """float64[len(RHYTHM_NAMES)] of a beat; all intervals in seconds.

    ``before_s`` are those that ended before this beat's ``previous_s`` (None: it has none), oldest
    first. Ratios are natural logarithms within MAX_LOG.
    """
    all_s = np.minimum(list(before_s[-MEMORY:]) or [previous_s or next_s], LONGEST_S)
    previous = min(float(all_s[-1]) if previous_s is None else previous_s, LONGEST_S)
    long, middle, short = all_s[-LONG:], all_s[-MIDDLE:], all_s[-8:]
    median = quick.median(long)
    own = [*_unevenness(middle), *_unevenness(long)]
    uneven = [*own[::4], *own[1::4], *own[2::4], *own[3::4]]
    ordered = np.sort(long)
    multiple = long / _at(ordered, 0.25)
    mean = quick.mean(long)
    shares = [
        quick.share(np.abs(multiple - np.round(multiple)) < WHOLE),
        (_at(ordered, 0.75) - _at(ordered, 0.25)) / median,
        quick.share(long < 0.85 * mean),
        quick.share(long > 1.4 * median),
    ]
    every = np.sort(all_s)
    steady = _steady(all_s, every)
    usual = np.array([mean, quick.mean(all_s), _at(every, 0.9), _at(every, 0.5), steady])
    ratios = np.concatenate(
        (
            previous / usual,
            next_s / usual,
            [previous / _at(every, 0.95), previous / short.min(), short.max() / median],
        )
    )
    return np.concatenate((uneven, shares, np.clip(np.log(ratios), -MAX_LOG, MAX_LOG)))


def _at(ordered: Values, share: float) -> float:
    return float(ordered[round(share * (len(ordered) - 1))])


def _steady(all_s: Values, every: Values) -> float:
    """The longer ones of the intervals that are like the one before."""
    alike = np.abs(all_s[1:] - all_s[:-1]) < STEADY * all_s[1:]
    steady = np.sort(all_s[1:][alike])
    return _at(steady, 0.9) if len(steady) >= FEWEST else _at(every, 0.5)


def _unevenness(long: Values) -> list[float]:
    """RMSSD, entropy, share of close neighbours and autocorrelation, in parts of the median."""
    parts = long / quick.median(long)
    steps = parts[1:] - parts[:-1] if len(parts) > 1 else np.zeros(1)
    bins = np.clip(((parts - LOWEST) / BIN).astype(np.int64), 0, BINS - 1)
    share = np.bincount(bins, minlength=BINS) / len(parts)
    share = share[share > 0]
    apart = parts - quick.mean(parts)
    power = float(apart @ apart)
    echo = float(apart[1:] @ apart[:-1]) / power if power > FLAT_S**2 else 0.0
    return [
        sqrt(quick.mean(steps * steps)),
        -float(share @ np.log(share)),
        quick.share(np.abs(steps) < CLOSE),
        echo,
    ]
