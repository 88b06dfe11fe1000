"""How good the network is, beat by beat: gross and per record.

Positive means abnormal (AAMI class other than N). Only beats that the detector found and the
reference confirms are counted; the detector has its own report (model.ec57).
"""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.stats import rankdata

from model.dataset import BeatSet

Probabilities = npt.NDArray[np.float64]
JsonObject = dict[str, object]

BINS = 15
"""Steps of the reliability diagram."""


@dataclass(frozen=True, slots=True)
class Scores:
    """Confusion counts and what follows from them; a ratio without cases is None."""

    true_positives: int
    false_positives: int
    false_negatives: int
    true_negatives: int
    accuracy: float | None
    precision: float | None
    recall: float | None
    specificity: float | None
    f1: float | None
    auc: float | None


def score(abnormal: npt.NDArray[np.bool_], probability: Probabilities, threshold: float) -> Scores:
    """The scores of n beats at one threshold; AUC over all thresholds."""
    flagged = probability >= threshold
    tp, fp = int((flagged & abnormal).sum()), int((flagged & ~abnormal).sum())
    fn, tn = int((~flagged & abnormal).sum()), int((~flagged & ~abnormal).sum())
    return Scores(
        tp,
        fp,
        fn,
        tn,
        accuracy=_ratio(tp + tn, len(abnormal)),
        precision=_ratio(tp, tp + fp),
        recall=_ratio(tp, tp + fn),
        specificity=_ratio(tn, tn + fp),
        f1=_ratio(2 * tp, 2 * tp + fp + fn),
        auc=area_under_roc(abnormal, probability),
    )


def _ratio(part: int, whole: int) -> float | None:
    return round(part / whole, 6) if whole else None


def area_under_roc(abnormal: npt.NDArray[np.bool_], probability: Probabilities) -> float | None:
    """Area under the ROC curve, by ranks (doi:10.1148/radiology.143.1.7063747).

    None if either class is absent.
    """
    positives = int(abnormal.sum())
    negatives = len(abnormal) - positives
    if positives == 0 or negatives == 0:
        return None
    rank_sum = float(rankdata(probability)[abnormal].sum())
    return round((rank_sum - positives * (positives + 1) / 2) / (positives * negatives), 6)


def calibration(abnormal: npt.NDArray[np.bool_], probability: Probabilities) -> dict[str, Any]:
    """Reliability diagram in BINS equal steps, and the expected calibration error.

    ECE: mean gap of stated probability and observed frequency, weighted by beats (Guo 2017,
    arXiv:1706.04599). A bin without beats states None.
    """
    step = np.clip((probability * BINS).astype(np.int64), 0, BINS - 1)
    count = np.bincount(step, minlength=BINS)
    stated, observed = (
        np.bincount(step, values, BINS) / np.maximum(count, 1)
        for values in (probability, abnormal.astype(np.float64))
    )
    bins = [
        {
            "beats": int(n),
            "stated": round(float(s), 6) if n else None,
            "observed": round(float(o), 6) if n else None,
        }
        for n, s, o in zip(count, stated, observed, strict=True)
    ]
    gap = float((np.abs(stated - observed) * count).sum()) / max(int(count.sum()), 1)
    return {"ece": round(gap, 6), "bins": bins}


def report(beats: BeatSet, probability: Probabilities, threshold: float) -> JsonObject:
    """Gross scores, recall of each AAMI class, and the scores of every record, as plain data."""
    flagged = probability >= threshold
    share_flagged = {
        str(name): _ratio(int(flagged[beats.classes == name].sum()), int(count))
        for name, count in zip(*np.unique(beats.classes, return_counts=True), strict=True)
    }
    return {
        "beats": len(beats),
        "gross": asdict(score(beats.abnormal, probability, threshold)),
        "share_flagged_by_class": share_flagged,
        "by_record": {
            str(name): asdict(score(beats.abnormal[here], probability[here], threshold))
            for name in np.unique(beats.records)
            for here in [beats.records == name]
        },
    }
