"""What is told of the detectors: tables, and what was promised."""

from model.evaluation.cache import JsonObject
from model.evaluation.section import Table, Target, percent

OURS = "ours"
F1_TARGET, WORST_TARGET = 0.996, 0.97


def tables(data: JsonObject) -> list[Table]:
    """Gross per engine; per record: errors of every engine."""
    engines, check = data["engines"], data["streaming_equals_batch"]
    note = (
        f"Chunks give the beats of the whole record, to the sample, on {check['equal']} of "
        f"{check['records']} records. CPU time is of one thread, median over the records."
    )
    columns = (
        *("detector", "stream", "TP", "FP", "FN", "Se %", "+P %", "F1 %", "mean F1 %"),
        *("worst", "F1 %", "offset ms", "jitter ms", "CPU ms/min"),
    )
    rows = tuple(_row(engine) for engine in engines.values())
    return [
        Table("Beat detectors, gross", columns, rows, note),
        _by_subgroup(data["subgroups"]),
        _by_record(engines),
    ]


def _row(engine: JsonObject) -> tuple[str | float | int | None, ...]:
    total, worst = engine["gross"], engine["worst"]
    return (
        engine["title"],
        "yes" if engine["streaming"] else "no",
        *(total[key] for key in ("tp", "fp", "fn")),
        *(percent(total[key]) for key in ("sensitivity", "positive_predictivity", "f1")),
        percent(engine["average_f1"]),
        worst["record"],
        percent(worst["f1"]),
        *(engine[key] for key in ("offset_ms", "jitter_ms", "cpu_ms_per_min")),
    )


def _by_subgroup(groups: JsonObject) -> Table:
    keys = ("sensitivity", "positive_predictivity", "f1")
    rows = tuple(
        (f"{trait}: {value}", r["records"], r["tp"] + r["fn"], *(percent(r[key]) for key in keys))
        for trait, values in groups.items()
        for value, r in values.items()
    )
    columns = ("subgroup", "records", "beats", "Se %", "+P %", "F1 %")
    return Table("Our detector by subgroup", columns, rows)


def _by_record(engines: JsonObject) -> Table:
    ours = engines[OURS]["records"]
    columns = ("record", "beats", *(engine["title"] for engine in engines.values()))
    rows = tuple(
        (
            name,
            ours[name]["tp"] + ours[name]["fn"],
            *(
                f"{engine['records'][name]['fp']} + {engine['records'][name]['fn']}"
                for engine in engines.values()
            ),
        )
        for name in ours
    )
    note = "False positives + missed beats of each detector."
    return Table("Errors by record", columns, rows, note, printed=False)


def targets(data: JsonObject) -> list[Target]:
    """What was promised of our detector, on the stream."""
    ours, check = data["engines"][OURS], data["streaming_equals_batch"]
    f1, worst = ours["gross"]["f1"], ours["worst"]["f1"]
    key = f"sections.detectors.engines.{OURS}"
    return [
        Target(f"{key}.gross.f1", "detector F1, streaming", "≥ 99.6 %", percent(f1), _at_least(f1)),
        Target(
            f"{key}.worst.f1",
            "detector F1, worst record",
            "≥ 97 %",
            percent(worst),
            _at_least(worst, WORST_TARGET),
        ),
        Target(
            "sections.detectors.streaming_equals_batch.equal",
            "records whose stream equals the whole",
            f"{check['records']}",
            float(check["equal"]),
            check["equal"] == check["records"],
        ),
    ]


def _at_least(value: float | None, least: float = F1_TARGET) -> bool:
    return value is not None and value >= least
