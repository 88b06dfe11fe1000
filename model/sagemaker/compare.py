"""A deployed endpoint beside the local engine: the same beats must get the same probabilities."""

import numpy as np

from analysis.beats import BEAT_VALUES
from analysis.classifier import Classifier
from core.errors import Incorrect, Unavailable

TOLERANCE = 1e-6
"""Two runtimes sum float32 in another order; other weights are further apart than this."""
TRIED = 64


def compare(remote: Classifier, local: Classifier) -> float:
    """How far apart their probabilities of TRIED made beats are at the most.

    Blocks. Raises Unavailable if ``remote`` does not answer, Incorrect if its answers are others.
    """
    beats = np.random.default_rng(0).random((TRIED, BEAT_VALUES), dtype=np.float32)
    try:
        told = remote.predict(beats)
    except Unavailable as error:
        raise Unavailable(f"the endpoint is in service, but does not answer: {error}") from error
    expected = local.predict(beats)
    apart = float(np.nan_to_num(np.abs(told - expected), nan=0.0).max())
    same = np.array_equal(np.isnan(told), np.isnan(expected)) and apart <= TOLERANCE
    if not same:
        raise Incorrect(
            f"the endpoint does not answer as the local engine does: probabilities of {TRIED} beats"
            f" are apart by {apart:.2g}, more than {TOLERANCE:g}"
        )
    return apart
