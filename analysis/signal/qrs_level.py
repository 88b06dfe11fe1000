"""The height that a QRS complex has in a stretch of ECG, learned at its start and after losses.

Humps of muscle noise are of one height; QRS complexes stand out of theirs. The second highest of
one-second maxima is a QRS height as long as two seconds of the stretch hold a beat and at most
one of them an artefact.
"""

from collections.abc import Sequence
from statistics import median_low

from analysis.signal.qrs_features import Candidate

LEARN_S = 4.0
LEARN_LIMIT_S = 9.0
ARTEFACT_SHARE = 0.05
"""At the start, a level below this share of the highest hump waits for a clearer view."""
RELEARN_AFTER_S = 6.0
RELEARN_EVERY_S = 2.0
SHARE_OF_OLD = 0.15
"""A new level is believed at once if it is at least this share of the old one..."""
SHARE_OF_OLD_PEAKED = 0.02
PEAKED = 3.0
"""...or at least the lower share, and so many times the median hump."""
FORGET_AFTER_S = 30.0
"""After so long without a beat only the second condition's peakedness counts."""
FLOOR_MV = 1e-7
"""Lower humps are rounding errors: the smallest step of any device is 1 nV."""


def level_of(humps: Sequence[Candidate], end: float, rate_hz: float) -> float:
    """The QRS height in the LEARN_S before sample index ``end``; 0 if fewer than two seconds."""
    maxima: dict[int, float] = {}
    for index, height, _ in humps:
        second = int((end - index) // rate_hz)
        if second < LEARN_S:
            maxima[second] = max(maxima.get(second, 0.0), height)
    ordered = sorted(maxima.values())
    return ordered[-2] if len(ordered) > 1 else 0.0


def first_level(humps: Sequence[Candidate], rate_hz: float) -> float:
    """The QRS height at a segment's start; 0 while it is too early to say."""
    begin, end = humps[0][0], humps[-1][0]
    if end - begin < LEARN_S * rate_hz:
        return 0.0
    level = level_of(humps, end, rate_hz)
    clear = level >= ARTEFACT_SHARE * max(height for _, height, _ in humps)
    return level if clear or end - begin > LEARN_LIMIT_S * rate_hz else 0.0


def last_resort_level(humps: Sequence[Candidate], rate_hz: float) -> float:
    """The QRS height of a segment that ended before it could be learned."""
    heights = [height for _, height, _ in humps]
    return level_of(humps, humps[-1][0], rate_hz) or max(heights)


def new_level(
    humps: Sequence[Candidate], old: float, end: float, silent: float, rate_hz: float
) -> float:
    """The QRS height after ``silent`` samples without a beat; 0 to keep the ``old`` one.

    Without a beat the signal has become smaller, or there is none. A true standstill must not
    be filled with noise, so a much lower level has to stand out.
    """
    recent = [hump for hump in humps if end - hump[0] < LEARN_S * rate_hz]
    level = level_of(recent, end, rate_hz)
    if level >= SHARE_OF_OLD * old:
        return level
    if level == 0.0 or level < PEAKED * median_low(height for _, height, _ in recent):
        return 0.0
    forgotten = silent > FORGET_AFTER_S * rate_hz
    return level if forgotten or level >= SHARE_OF_OLD_PEAKED * old else 0.0
