"""Beats by the five classes of ANSI/AAMI EC57, on patients that the network has never seen.

The detector is in the loop: a beat that it misses counts against its class's sensitivity, and one
that it makes up against the predictivity of whatever the network calls it.
"""

from collections.abc import Sequence

import numpy as np

from analysis.classifier import load_classifier
from model.class_report import confusions, report
from model.dataset import join, read_recording, served_rows
from model.evaluation.cache import JsonObject
from model.evaluation.network import unseen
from model.evaluation.section import Context, Section, Table, Target, percent
from model.evaluation.source import Source

WANTED = (
    ("gross.classes.V.se", "VEB sensitivity on unseen patients", 95.0),
    ("gross.classes.V.p", "VEB positive predictivity on unseen patients", 95.0),
    ("gross.classes.S.se", "SVEB sensitivity on unseen patients", 85.0),
    ("gross.classes.S.p", "SVEB positive predictivity on unseen patients", 60.0),
    ("gross.accuracy", "accuracy of five classes on unseen patients", 96.0),
    ("abnormal_auc", "area under ROC of abnormal on unseen patients", 97.0),
)
ECE_AT_MOST = 0.03


def run(sources: Sequence[Source], context: Context) -> JsonObject:
    """Scores by class, gross and by record, with intervals by patient; {} without classes."""
    classifier = load_classifier(context.artefact)
    recordings = [read_recording(source.path) for source in unseen(sources)]
    beats = join([served_rows(recording, surplus=True) for recording in recordings])
    told = classifier.predict(beats.beats).astype(np.float64)
    if not np.isfinite(told).all():  # a network that tells abnormal beats and no more
        return {}
    reference = {recording.name: recording.beat_class for recording in recordings}
    return report(beats, told, confusions(beats, told, reference))


def tables(data: JsonObject) -> list[Table]:
    """By class, the confusion, and by record."""
    if not data:
        return []
    columns = (
        "class", "Se %", "95 % interval", "+P %", "95 % interval", "+P % (EC57)", "F1 %", "AUC %",
    )  # fmt: skip
    rows = tuple(
        (
            name,
            percent(shares["se"]),
            _interval(data["intervals_95"][name]["se"]),
            percent(shares["p"]),
            _interval(data["intervals_95"][name]["p"]),
            percent(shares.get("p_ec57")),
            percent(shares["f1"]),
            percent(data["auc"][name]),
        )
        for name, shares in data["gross"]["classes"].items()
    )
    note = (
        f"Accuracy {percent(data['gross']['accuracy'])} %; intervals by drawing patients anew. "
        "+P counts every beat told wrongly; EC57 (bxb.c) leaves F and Q out for V, and Q for S."
    )
    names = (*"NSVFQ", "surplus")
    confusion = tuple((n, *c) for n, c in zip(names, data["confusion"], strict=True))
    return [
        Table("Classes of beats", columns, rows, note),
        Table("Confusion", ("true", *"NSVFQ", "missed"), confusion),
        Table(
            "Classes by record",
            ("record", "accuracy %", "V Se %", "V +P %", "S Se %", "S +P %"),
            tuple(_record(name, scores) for name, scores in data["by_record"].items()),
            printed=False,
        ),
    ]


def _record(name: str, scores: JsonObject) -> tuple[str | float | None, ...]:
    cells = [scores["classes"][c][share] for c in "VS" for share in ("se", "p")]
    return name, percent(scores["accuracy"]), *map(percent, cells)


def _interval(bounds: list[float] | None) -> str | None:
    return None if bounds is None else f"{100 * bounds[0]:.1f} to {100 * bounds[1]:.1f}"


def targets(data: JsonObject) -> list[Target]:
    """What was promised of classes and of calibration."""
    if not data:
        return []
    found = [(key, what, least, percent(_at(data, key))) for key, what, least in WANTED]
    ece = data["calibration"]["ece"]
    return [
        *(
            Target(f"sections.classes.{key}", what, f">= {least:g} %", reached, met)
            for key, what, least, reached in found
            for met in [reached is not None and reached >= least]
        ),
        Target(
            "sections.classes.calibration.ece",
            "expected calibration error of abnormal on unseen patients",
            f"<= {ECE_AT_MOST:g}",
            ece,
            ece <= ECE_AT_MOST,
        ),
    ]


def _at(data: JsonObject, key: str) -> float | None:
    for name in key.split("."):
        data = data[name]
    return data  # type: ignore[return-value]


SECTION = Section(
    "classes",
    "Classes of beats",
    __doc__.split("\n", 1)[0],
    run,
    tables,
    lambda _: [],
    targets,
)
