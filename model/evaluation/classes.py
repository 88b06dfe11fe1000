"""Beats by the five classes of ANSI/AAMI EC57, on patients that the network has never seen.

The detector is in the loop: a beat that it misses counts against its class's sensitivity, and one
that it makes up against the predictivity of whatever the network calls it.
"""

from collections.abc import Sequence

import numpy as np

from model.class_report import confusions, report
from model.dataset import BeatSet
from model.evaluation import class_plots
from model.evaluation.cache import JsonObject
from model.evaluation.section import Context, Section, Table, Target, percent
from model.evaluation.source import Source
from model.evaluation.told import probabilities, told

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
    records = told(sources, context)
    if not records:
        return {}
    served = context.artefact.stem
    found = np.concatenate([probabilities(r, served) for r in records.values()]).astype(np.float64)
    if not np.isfinite(found).all():  # a network that tells abnormal beats and no more
        return {}
    classes = np.array([c for r in records.values() for c in r["classes"]], dtype="<U1")
    names = np.array([name for name, r in records.items() for _ in r["classes"]])
    beats = BeatSet(np.empty((len(classes), 0), dtype=np.float32), classes, names)
    reference = {name: np.array(list(r["reference"])) for name, r in records.items()}
    return report(beats, found, confusions(beats, found, reference))


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
            Target(f"sections.classes.{key}", what, f"≥ {least:g} %", reached, met)
            for key, what, least, reached in found
            for met in [reached is not None and reached >= least]
        ),
        Target(
            "sections.classes.calibration.ece",
            "expected calibration error of abnormal on unseen patients",
            f"≤ {ECE_AT_MOST:g}",
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
    class_plots.plots,
    targets,
)
