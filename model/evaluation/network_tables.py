"""What is told of the network: tables, and what was promised."""

from model.evaluation.cache import JsonObject
from model.evaluation.section import Table, Target, percent

RATIOS = ("accuracy", "precision", "recall", "specificity", "f1", "auc")
ECE_TARGET, AUC_TARGET = 0.03, 0.97


def tables(data: JsonObject) -> list[Table]:
    """Gross with intervals, by class, by record."""
    gross, told = data["gross"], data["intervals"]
    rows = tuple(
        (name, percent(gross[name]), *map(percent, told.get(name) or (None, None)))
        for name in RATIOS
    )
    note = (
        f"{data['model_id']}, {data['beats']} beats of {len(data['records'])} records; positive "
        "means abnormal (not AAMI class N). Intervals: 95 %, by drawing patients."
    )
    by_class = tuple(
        (name, r["beats"], r["flagged"], percent(r["flagged"] / r["beats"]) if r["beats"] else None)
        for name, r in data["flagged_by_class"].items()
    )
    by_subgroup = tuple(
        (f"{trait}: {value}", r["records"], r["beats"], *(percent(r[ratio]) for ratio in RATIOS))
        for trait, values in data["subgroups"].items()
        for value, r in values.items()
    )
    counts = ("true_positives", "false_positives", "false_negatives", "true_negatives")
    by_record = tuple(
        (name, r["beats"], *(r[c] for c in counts), *(percent(r[ratio]) for ratio in RATIOS))
        for name, r in data["records"].items()
    )
    return [
        Table("Abnormal beats", ("ratio, %", "reached", "low", "high"), rows, note),
        Table(
            "Flagged as abnormal, by reference class",
            ("class", "beats", "flagged", "%"),
            by_class,
        ),
        Table(
            "Abnormal beats by subgroup",
            ("subgroup", "records", "beats", *(f"{ratio} %" for ratio in RATIOS)),
            by_subgroup,
        ),
        Table(
            "Abnormal beats by record",
            ("record", "beats", "TP", "FP", "FN", "TN", *(f"{ratio} %" for ratio in RATIOS)),
            by_record,
            printed=False,
        ),
    ]


def targets(data: JsonObject) -> list[Target]:
    """What was promised of the probability."""
    auc, ece = data["gross"]["auc"], data["calibration"]["ece"]
    key = "sections.network"
    return [
        Target(
            f"{key}.gross.auc",
            "abnormal beats, AUC on unseen patients",
            "≥ 0.97",
            auc,
            auc is not None and auc >= AUC_TARGET,
        ),
        Target(
            f"{key}.calibration.ece",
            "expected calibration error",
            "≤ 0.03",
            ece,
            bool(data["beats"]) and ece <= ECE_TARGET,
        ),
    ]
