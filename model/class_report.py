"""Scores by AAMI class, the detector in the loop, after ANSI/AAMI EC57.

A reference beat that was not found, or found and not classified, counts as missed by its class;
a detection that is no beat counts against the +P of the class it was given. Intervals are by
bootstrap over patients (doi:10.1214/aos/1176344552): beats of one patient are not independent.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from analysis.classifier import CLASSES
from model.dataset import SURPLUS, BeatSet
from model.evaluate import area_under_roc, calibration

Floats = npt.NDArray[np.float64]
Counts = npt.NDArray[np.int64]
JsonObject = dict[str, object]
RESAMPLES = 2000
NOT_FALSE = {"V": (3, 4), "S": (4,)}
"""Places in CLASSES of the true classes that EC57 leaves out of a told class's false positives:
fusion and unclassifiable beats for VEB, unclassifiable ones for SVEB, as WFDB's bxb.c counts them
(https://physionet.org/physiotools/wag/bxb-1.htm, reference implementation of EC57: VFP, SFP)."""


@dataclass(frozen=True, slots=True, eq=False)
class Confusions:
    """Counts int64[records, 6, 6]: true class by told class; sixth are surplus and missed."""

    records: tuple[str, ...]
    counts: Counts


def confusions(
    beats: BeatSet, probability: Floats, reference: Mapping[str, npt.NDArray[np.str_]]
) -> Confusions:
    """Count by record; ``reference`` has the class of every annotated beat of each record."""
    told = probability.argmax(axis=1)
    names = [*CLASSES, SURPLUS]
    true = np.array([names.index(name) for name in beats.classes.tolist()], dtype=np.int64)
    counts = np.zeros((len(reference), 6, 6), dtype=np.int64)
    for i, (record, annotated) in enumerate(reference.items()):
        here = beats.records == record
        np.add.at(counts[i], (true[here], told[here]), 1)
        for j, name in enumerate(CLASSES):
            counts[i, j, 5] = int((annotated == name).sum()) - int(counts[i, j, :5].sum())
    return Confusions(tuple(reference), counts)


def scores(counts: Counts) -> JsonObject:
    """Se, +P and F1 of each class of int64[6, 6], and accuracy over classified beats; in shares.

    ``p`` counts every other beat against a class; ``p_ec57`` all but those of NOT_FALSE.
    """
    shares: dict[str, dict[str, float | None]] = {
        name.value: dict(zip(("se", "p", "f1"), _shares(counts, i), strict=True))
        for i, name in enumerate(CLASSES)
    }
    for name, left_out in NOT_FALSE.items():
        i = [c.value for c in CLASSES].index(name)
        told = int(counts[:, i].sum()) - int(counts[list(left_out), i].sum())
        shares[name]["p_ec57"] = _ratio(int(counts[i, i]), told)
    return {"accuracy": _accuracy(counts), "classes": shares}


def report(beats: BeatSet, probability: Floats, found: Confusions) -> JsonObject:
    """All scores, gross and by record, intervals, AUC, calibration, and the confusion matrix."""
    known = beats.classes != SURPLUS
    beats, probability = beats.take(known), probability[known]
    gross = found.counts.sum(axis=0)
    abnormal = 1.0 - probability[:, 0]
    return {
        "beats": len(beats),
        "gross": scores(gross),
        "intervals_95": intervals(found.counts),
        "auc": {
            name.value: area_under_roc(beats.classes == name.value, probability[:, i])
            for i, name in enumerate(CLASSES)
        },
        "abnormal_auc": area_under_roc(beats.abnormal, abnormal),
        "calibration": calibration(beats.abnormal, abnormal),
        "confusion": gross.tolist(),
        "by_record": {
            name: scores(counts) | {"confusion": counts.tolist()}
            for name, counts in zip(found.records, found.counts, strict=True)
        },
    }


def intervals(by_record: Counts, seed: int = 1) -> JsonObject:
    """95 % intervals of accuracy, Se and +P from int64[records, 6, 6], patients drawn anew."""
    generator = np.random.default_rng(seed)
    drawn = generator.integers(0, len(by_record), (RESAMPLES, len(by_record)))
    resampled = [by_record[which].sum(axis=0) for which in drawn]
    stated: JsonObject = {"accuracy": _interval([_accuracy(counts) for counts in resampled])}
    for i, name in enumerate(CLASSES):
        shares = [_shares(counts, i) for counts in resampled]
        stated[name.value] = {
            "se": _interval([share[0] for share in shares]),
            "p": _interval([share[1] for share in shares]),
        }
    return stated


def _shares(counts: Counts, i: int) -> tuple[float | None, float | None, float | None]:
    hit, true, told = int(counts[i, i]), int(counts[i].sum()), int(counts[:, i].sum())
    return _ratio(hit, true), _ratio(hit, told), _ratio(2 * hit, true + told)


def _accuracy(counts: Counts) -> float | None:
    classified = counts[:5, :5]
    return _ratio(int(np.trace(classified)), int(classified.sum()))


def _ratio(part: int, whole: int) -> float | None:
    return round(part / whole, 5) if whole else None


def _interval(values: list[float | None]) -> list[float] | None:
    known = [value for value in values if value is not None]
    if not known:
        return None
    return [round(float(bound), 4) for bound in np.quantile(known, (0.025, 0.975))]
