"""The served network, and those beside it, on patients that they have never seen.

Only beats that the detector found and the reference confirms are counted.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np

from analysis.classifier import load_classifier
from model.dataset import SURPLUS
from model.evaluate import calibration, score
from model.evaluation import comparison, network_plots, network_tables
from model.evaluation.cache import JsonObject
from model.evaluation.section import Context, Section
from model.evaluation.source import Source
from model.evaluation.statistics import Flags, Probabilities, intervals
from model.evaluation.subgroups import Groups, grouped
from model.evaluation.told import artefacts, probabilities, told, unseen

Records = Mapping[str, JsonObject]


def run(sources: Sequence[Source], context: Context) -> JsonObject:
    """Every network beside the served one: scores gross, per record, by class and subgroup."""
    found = told(sources, context)
    groups = grouped([source for source in unseen(sources) if source.name in found])
    served, paths = context.artefact.stem, artefacts(context)
    networks = {path.stem: _network(path, found, groups, context.seed) for path in paths}
    thresholds = {name: of["threshold"] for name, of in networks.items()}
    return {
        "served": served,
        "networks": networks,
        "agreement": comparison.agreement(found, thresholds, served),
        "random_split": comparison.random_split(paths),
    }


def _network(path: Path, found: Records, groups: Groups, seed: int) -> JsonObject:
    classifier = load_classifier(path)
    records = {name: _confirmed(record, path.stem) for name, record in found.items()}
    return {
        "model_id": classifier.model_id,
        "threshold": classifier.threshold,
        **_scored(records, classifier.threshold, seed),
        "subgroups": {
            trait: {
                value: _joined([records[name] for name in names], classifier.threshold)
                for value, names in values.items()
            }
            for trait, values in groups.items()
        },
        "records": {
            name: _record(r["classes"], r["probability"], classifier.threshold)
            for name, r in records.items()
        },
    }


def _confirmed(record: JsonObject, artefact: str) -> JsonObject:
    """Class and probability of abnormal of the detections that the reference confirms."""
    beats = np.array(list(record["classes"]), dtype="<U1") != SURPLUS
    abnormal = (1.0 - probabilities(record, artefact)[beats, 0]).astype(np.float64)
    classes = record["classes"].replace(SURPLUS, "")
    return {"classes": classes, "probability": abnormal.round(6).tolist()}


def _scored(records: Mapping[str, JsonObject], threshold: float, seed: int) -> JsonObject:
    """All records together."""
    classes = np.array([c for r in records.values() for c in r["classes"]], dtype="<U1")
    likely = np.array([p for r in records.values() for p in r["probability"]], dtype=np.float64)
    groups = np.array([name for name, r in records.items() for _ in r["classes"]])
    abnormal = classes != "N"
    return {
        "beats": len(classes),
        "gross": asdict(score(abnormal, likely, threshold)),
        "intervals": intervals(groups, abnormal, likely, threshold, seed),
        "flagged_by_class": _by_class(classes, likely >= threshold),
        "calibration": calibration(abnormal, likely),
        "roc": comparison.roc(abnormal, likely),
        "histograms": {
            name: np.histogram(likely[classes == name], network_plots.EDGES)[0].tolist()
            for name in "NSVFQ"
        },
    }


def _record(classes: str, probability: list[float], threshold: float) -> JsonObject:
    abnormal: Flags = np.array(list(classes)) != "N"
    likely: Probabilities = np.array(probability, dtype=np.float64)
    return {"beats": len(classes), **asdict(score(abnormal, likely, threshold))}


def _joined(records: Sequence[JsonObject], threshold: float) -> JsonObject:
    classes = "".join(r["classes"] for r in records)
    likely = [p for r in records for p in r["probability"]]
    return {"records": len(records), **_record(classes, likely, threshold)}


def _by_class(classes: "np.ndarray[tuple[int], np.dtype[np.str_]]", flagged: Flags) -> JsonObject:
    return {
        name: {
            "beats": int((classes == name).sum()),
            "flagged": int(flagged[classes == name].sum()),
        }
        for name in "NSVFQ"
    }


SECTION = Section(
    "network",
    "Beat classification",
    "The served network on patients it was not trained on, beats found and cut by the code that "
    "serves, labels from the reference beat within 150 ms.",
    run,
    network_tables.tables,
    network_plots.plots,
    network_tables.targets,
)
