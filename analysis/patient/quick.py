"""Mean, median and straight line of short arrays, to the bit as numpy's, in a third of the time.

numpy's do what arrays of any type, shape and content ask for; a beat asks forty times for the mean
of some twenty finite numbers. A test holds these against numpy's.
"""

from functools import lru_cache

import numpy as np
import numpy.typing as npt

Values = npt.NDArray[np.float64]


def mean(x: Values) -> float:
    """Of float64[n], n > 0."""
    return float(np.add.reduce(x)) / len(x)


def share(x: npt.NDArray[np.bool_]) -> float:
    """Of bool[n], n > 0, how many are true."""
    return int(np.count_nonzero(x)) / len(x)


def median(x: Values) -> float:
    """Of float64[n], n > 0, all finite."""
    ordered, half = np.sort(x), len(x) // 2
    if len(x) % 2:
        return float(ordered[half])
    return (float(ordered[half - 1]) + float(ordered[half])) / 2


def line(first: float, last: float, n: int) -> Values:
    """float64[n], n > 1, from ``first`` to ``last`` in equal steps."""
    steps = _count(n) * ((last - first) / (n - 1)) + first
    steps[-1] = last
    return steps


@lru_cache(maxsize=32)
def _count(n: int) -> Values:
    return np.arange(n, dtype=np.float64)
