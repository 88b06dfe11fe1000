"""What is told of the networks: tables, side by side, and what was promised of the served one."""

from model.evaluation import comparison
from model.evaluation.cache import JsonObject
from model.evaluation.section import Table, Target, percent

RATIOS = ("accuracy", "precision", "recall", "specificity", "f1", "auc")
ECE_TARGET, AUC_TARGET = 0.03, 0.97
_COUNTS = ("true_positives", "false_positives", "false_negatives", "true_negatives")


def tables(data: JsonObject) -> list[Table]:
    """Gross with intervals and by class, network beside network; then each one's parts."""
    networks = data["networks"]
    parts = [table for name, of in networks.items() for table in (_subgroups(name, of),)]
    return [
        _gross(networks),
        _by_class(networks),
        *comparison.tables(data),
        *parts,
        *(_records(name, of) for name, of in networks.items()),
    ]


def _gross(networks: JsonObject) -> Table:
    rows = tuple(
        (
            name,
            *(_with_interval(of["gross"][r], of["intervals"].get(r)) for r in RATIOS),
            of["calibration"]["ece"],
        )
        for name, of in networks.items()
    )
    first = next(iter(networks.values()))
    note = (
        f"{first['beats']} beats of {len(first['records'])} records; positive means abnormal (not "
        "AAMI class N). In brackets: 95 % intervals, by drawing patients. ECE: expected "
        "calibration error. The first one is served."
    )
    return Table("Abnormal beats", ("network", *(f"{r} %" for r in RATIOS), "ECE"), rows, note)


def _with_interval(value: float | None, interval: list[float] | None) -> str | None:
    if value is None:
        return None
    low, high = interval or (value, value)
    return f"{100 * value:.2f} ({100 * low:.1f}-{100 * high:.1f})"


def _by_class(networks: JsonObject) -> Table:
    first = next(iter(networks.values()))["flagged_by_class"]
    rows = tuple(
        (
            name,
            first[name]["beats"],
            *(_share(of["flagged_by_class"][name]) for of in networks.values()),
        )
        for name in first
    )
    columns = ("class", "beats", *(f"{name} %" for name in networks))
    return Table("Flagged as abnormal, by reference class", columns, rows)


def _share(counts: JsonObject) -> float | None:
    return percent(counts["flagged"] / counts["beats"]) if counts["beats"] else None


def _subgroups(name: str, of: JsonObject) -> Table:
    rows = tuple(
        (f"{trait}: {value}", r["records"], r["beats"], *(percent(r[ratio]) for ratio in RATIOS))
        for trait, values in of["subgroups"].items()
        for value, r in values.items()
    )
    columns = ("subgroup", "records", "beats", *(f"{ratio} %" for ratio in RATIOS))
    return Table(f"Abnormal beats by subgroup: {name}", columns, rows)


def _records(name: str, of: JsonObject) -> Table:
    rows = tuple(
        (record, r["beats"], *(r[c] for c in _COUNTS), *(percent(r[ratio]) for ratio in RATIOS))
        for record, r in of["records"].items()
    )
    columns = ("record", "beats", "TP", "FP", "FN", "TN", *(f"{ratio} %" for ratio in RATIOS))
    return Table(f"Abnormal beats by record: {name}", columns, rows, printed=False)


def targets(data: JsonObject) -> list[Target]:
    """What was promised of the served network's probability."""
    of = data["networks"][data["served"]]
    auc, ece = of["gross"]["auc"], of["calibration"]["ece"]
    key = f"sections.network.networks.{data['served']}"
    return [
        Target(
            f"{key}.gross.auc",
            "abnormal beats, AUC on unseen patients",
            "≥ 97 %",
            percent(auc),
            auc is not None and auc >= AUC_TARGET,
        ),
        Target(
            f"{key}.calibration.ece",
            "expected calibration error",
            "≤ 0.03",
            ece,
            bool(of["beats"]) and ece <= ECE_TARGET,
        ),
        *comparison.targets(data),
    ]
