"""The served network, and those beside it, on patients that they have never seen.

Only beats that the detector found and the reference confirms are counted. Of the MIT-BIH records
those of DS2 are taken (model.splits): the others were trained on. Elsewhere all records count.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np
import numpy.typing as npt

from analysis.classifier import load_classifier
from model.dataset import BeatSet, Recording, read_recording, served_rows
from model.evaluate import score
from model.evaluation import network_plots, network_tables
from model.evaluation.cache import JsonObject
from model.evaluation.section import Context, Section
from model.evaluation.source import Source
from model.evaluation.statistics import Flags, Probabilities, calibration, intervals
from model.evaluation.subgroups import Groups, grouped
from model.splits import ALL_RECORDS, DS2


def unseen(sources: Sequence[Source]) -> list[Source]:
    """The records that the served weights were not trained on."""
    trained = set(ALL_RECORDS) - set(DS2)
    return [source for source in sources if source.name not in trained]


def run(sources: Sequence[Source], context: Context) -> JsonObject:
    """Every network beside the served one: scores gross, per record, by class and subgroup."""
    known = unseen(sources)
    groups = grouped(known)
    others = sorted(context.artefact.parent.glob("*.tflite"))
    artefacts = [context.artefact, *(path for path in others if path != context.artefact)]
    return {
        "served": context.artefact.stem,
        "networks": {path.stem: _network(path, known, groups, context) for path in artefacts},
    }


def _network(path: Path, sources: Sequence[Source], groups: Groups, context: Context) -> JsonObject:
    classifier = load_classifier(path)

    def work(source: Source) -> JsonObject:
        beats = rows_of(read_recording(source.path))
        told = abnormal_of(classifier.predict(beats.beats))
        return {"classes": "".join(beats.classes.tolist()), "probability": told.round(6).tolist()}

    stamp = f"{context.code} {classifier.model_id}"
    records = context.each(f"network: {classifier.model_id}", stamp, sources, work)
    return {
        "model_id": classifier.model_id,
        "threshold": classifier.threshold,
        **_scored(records, classifier.threshold, context.seed),
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


def rows_of(recording: Recording) -> BeatSet:
    """A recording's labelled beats, as the classifiers take them."""
    return served_rows(recording)


def abnormal_of(told: npt.NDArray[np.float32]) -> Probabilities:
    """Probability of abnormal, float64[n]: as it is told, or 1 less that of N, the first of n."""
    return np.asarray(told if told.ndim == 1 else 1.0 - told[:, 0], dtype=np.float64)


def _scored(records: Mapping[str, JsonObject], threshold: float, seed: int) -> JsonObject:
    """All records together."""
    classes = np.array([c for r in records.values() for c in r["classes"]], dtype="<U1")
    told = np.array([p for r in records.values() for p in r["probability"]], dtype=np.float64)
    groups = np.array([name for name, r in records.items() for _ in r["classes"]])
    abnormal = classes != "N"
    return {
        "beats": len(classes),
        "gross": asdict(score(abnormal, told, threshold)),
        "intervals": intervals(groups, abnormal, told, threshold, seed),
        "flagged_by_class": _by_class(classes, told >= threshold),
        "calibration": calibration(abnormal, told),
        "histograms": {
            name: np.histogram(told[classes == name], network_plots.EDGES)[0].tolist()
            for name in "NSVFQ"
        },
    }


def _record(classes: str, probability: list[float], threshold: float) -> JsonObject:
    abnormal: Flags = np.array(list(classes)) != "N"
    told: Probabilities = np.array(probability, dtype=np.float64)
    return {"beats": len(classes), **asdict(score(abnormal, told, threshold))}


def _joined(records: Sequence[JsonObject], threshold: float) -> JsonObject:
    classes = "".join(r["classes"] for r in records)
    told = [p for r in records for p in r["probability"]]
    return {"records": len(records), **_record(classes, told, threshold)}


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
