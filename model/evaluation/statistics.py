"""Intervals of the scores of model.evaluate, patient by patient."""

import numpy as np
import numpy.typing as npt

from model.evaluation.cache import JsonObject

Flags = npt.NDArray[np.bool_]
Probabilities = npt.NDArray[np.float64]
Counts = npt.NDArray[np.float64]

DRAWS = 1000
LEVELS = 2048
"""Steps of probability in which the area under the ROC curve is counted for the intervals."""


def intervals(
    groups: npt.NDArray[np.str_],
    positive: Flags,
    probability: Probabilities,
    threshold: float,
    seed: int,
) -> JsonObject:
    """95 % intervals [low, high] of each ratio, by drawing whole patients with replacement.

    ``groups`` str[n] names the record of each beat. The percentile bootstrap of clusters (Field
    and Welsh 2007, doi:10.1111/j.1467-9868.2007.00593.x): beats of one heart are not independent.
    """
    _, patient = np.unique(groups, return_inverse=True)
    chosen = np.random.default_rng(seed)
    patients = int(patient.max()) + 1 if len(patient) else 0
    if patients == 0:
        return {}
    draws = chosen.multinomial(patients, np.full(patients, 1 / patients), DRAWS).astype(np.float64)
    flagged = probability >= threshold
    tp, fp, fn, tn = (
        draws @ np.bincount(patient, weights=cell, minlength=patients)
        for cell in (
            flagged & positive,
            flagged & ~positive,
            ~flagged & positive,
            ~flagged & ~positive,
        )
    )
    ratios = {
        "accuracy": _over(tp + tn, tp + fp + fn + tn),
        "precision": _over(tp, tp + fp),
        "recall": _over(tp, tp + fn),
        "specificity": _over(tn, tn + fp),
        "f1": _over(2 * tp, 2 * tp + fp + fn),
        "auc": _areas(draws, patient, positive, probability),
    }
    return {name: _interval(values) for name, values in ratios.items()}


def _over(part: Counts, whole: Counts) -> Counts:
    return np.divide(part, whole, out=np.full_like(part, np.nan), where=whole > 0)


def _areas(
    draws: Counts, patient: npt.NDArray[np.intp], positive: Flags, probability: Probabilities
) -> Counts:
    """The area under the ROC curve of each draw, ties within a level counted half."""
    level = np.clip((probability * LEVELS).astype(np.int64), 0, LEVELS - 1)
    patients = draws.shape[1]
    place = patient * LEVELS + level
    up, down = (
        draws @ np.bincount(place[which], minlength=patients * LEVELS).reshape(patients, LEVELS)
        for which in (positive, ~positive)
    )
    below = np.cumsum(down, axis=1) - down
    won = (up * (below + down / 2)).sum(axis=1)
    return _over(won, up.sum(axis=1) * down.sum(axis=1))


def _interval(values: Counts) -> list[float] | None:
    told = values[~np.isnan(values)]
    if not len(told):
        return None
    return [round(float(edge), 6) for edge in np.percentile(told, [2.5, 97.5])]
