"""Networks held against the served one, and what their trainings stated of the random split."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from model.evaluation.cache import JsonObject
from model.evaluation.section import Table, Target, percent
from model.evaluation.told import probabilities

INT8 = "-int8"
LEAST_AGREEMENT = 0.999
RANDOM_WANTED = (("accuracy", 0.99), ("auc", 0.998), ("f1", 0.97))
"""What was promised on the random split of the published beat set."""
RATIOS = ("accuracy", "precision", "recall", "specificity", "f1", "auc")
ROC_POINTS = 201
Floats = npt.NDArray[np.float64]


def agreement(
    records: Mapping[str, JsonObject], thresholds: Mapping[str, float], served: str
) -> JsonObject:
    """By artefact: the shares of detected beats on which it and the served one decide alike.

    ``classes`` is None for a network that tells no classes. ``thresholds`` by artefact.
    """
    return {
        name: _agreement(_all(records, served), _all(records, name), thresholds[served], least)
        for name, least in thresholds.items()
        if name != served and records
    }


def _all(records: Mapping[str, JsonObject], artefact: str) -> npt.NDArray[np.float32]:
    return np.concatenate([probabilities(record, artefact) for record in records.values()])


def _agreement(
    one: npt.NDArray[np.float32], other: npt.NDArray[np.float32], above: float, least: float
) -> JsonObject:
    alike = (1 - one[:, 0] >= above) == (1 - other[:, 0] >= least)
    tells = bool(np.isfinite(one).all() and np.isfinite(other).all())
    classes = float(np.mean(one.argmax(axis=1) == other.argmax(axis=1))) if tells else None
    return {
        "beats": len(one),
        "classes": None if classes is None else round(classes, 6),
        "abnormal": round(float(alike.mean()), 6),
        "largest_difference": round(float(np.abs(one[:, 0] - other[:, 0]).max()), 6),
    }


def roc(abnormal: npt.NDArray[np.bool_], probability: Floats) -> list[list[float]]:
    """Points (1 - specificity, sensitivity) from (0, 0) to (1, 1); [] if a class is absent."""
    if abnormal.all() or not abnormal.any():
        return []
    steps = np.unique(np.quantile(probability, np.linspace(0, 1, ROC_POINTS)))[::-1]
    up, down = (np.sort(probability[which]) for which in (abnormal, ~abnormal))
    shares = [
        (1 - np.searchsorted(down, t) / len(down), 1 - np.searchsorted(up, t) / len(up))
        for t in steps
    ]
    return [[0.0, 0.0], *([round(float(x), 6), round(float(y), 6)] for x, y in shares)]


def random_split(artefacts: Sequence[Path]) -> JsonObject:
    """By artefact, the scores that its card states of the random split; {} where it does not."""
    cards = {path.stem: json.loads(path.with_suffix(".json").read_bytes()) for path in artefacts}
    stated = {name: card["random_split"] for name, card in cards.items() if "random_split" in card}
    return {name: s["test"]["gross"] if "test" in s else s for name, s in stated.items()}


def tables(data: JsonObject) -> list[Table]:
    """Agreement with the served network, and the random split."""
    alike = tuple(
        (name, a["beats"], percent(a["classes"]), percent(a["abnormal"]), a["largest_difference"])
        for name, a in data["agreement"].items()
    )
    random = tuple(
        (name, *(percent(s[ratio]) for ratio in RATIOS), percent(s.get("accuracy_of_classes")))
        for name, s in data["random_split"].items()
    )
    note = (
        "Stated by the training (the artefact's card), at the reference's beats. Beats of one "
        "patient lie on both sides: leaky, for comparison with older work only."
    )
    return [
        Table(
            f"Decisions like those of {data['served']}",
            ("network", "beats", "classes %", "abnormal %", "largest difference"),
            alike,
        ),
        Table(
            "Abnormal beats, random split",
            ("network", *(f"{ratio} %" for ratio in RATIOS), "five classes %"),
            random,
            note,
        ),
    ]


def targets(data: JsonObject) -> list[Target]:
    """What was promised of the int8 artefact, and on the random split."""
    served, found = data["served"], []
    small = data["agreement"].get(served + INT8)
    if small is not None:
        key = f"sections.network.agreement.{served}{INT8}"
        found += [
            _target(f"{key}.{what}", f"int8 decides like float32, {what}", small[what], least)
            for what, least in (("classes", LEAST_AGREEMENT), ("abnormal", LEAST_AGREEMENT))
        ]
    stated = data["random_split"].get(served)
    if stated is not None:
        key = f"sections.network.random_split.{served}"
        found += [
            _target(f"{key}.{ratio}", f"random split (leaky), {ratio}", stated[ratio], least)
            for ratio, least in RANDOM_WANTED
        ]
    return found


def _target(key: str, what: str, reached: float | None, least: float) -> Target:
    met = reached is not None and reached >= least
    return Target(key, what, f"≥ {100 * least:g} %", percent(reached), met)
