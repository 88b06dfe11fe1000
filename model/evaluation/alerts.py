"""Alerts that the service raises, how many the reference does not bear out, and what it missed.

The whole pipeline runs over each record as if it were a patient; false ones are stated per patient
and day, as studies of alarm fatigue do (UCSF, doi:10.1371/journal.pone.0110274). What is true is
defined in ``model/alert_truth.py``; two older rules stand beside.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path

from analysis.alarms.policy import AlertPolicy
from analysis.classifier import load_classifier
from core.alerts import AlertKind, Priority
from model.alert_told import by_beat, by_chunk, ring
from model.alert_truth import FAST_RUNS, LONG_RUNS, PAUSES, is_true, missed
from model.dataset import read_recording
from model.evaluation import alert_plots
from model.evaluation.cache import JsonObject
from model.evaluation.section import Context, Section, Table, Target, percent
from model.evaluation.source import Source
from model.evaluation.told import unseen
from model.rhythm_reference import rhythm_reference
from model.rhythm_told import RATE_HZ

DAY_H = 24.0
MOST_FALSE_PER_DAY = 2.0
BASELINE = "baseline.tflite"
CHUNKS, BEATS = "p >= 0.5 on chunks", "p >= 0.5 on beats"
_VERDICTS = {True: "true", False: "false", None: "not_judged"}
_EVENTS = {
    LONG_RUNS: "ventricular runs of 5 or more",
    FAST_RUNS: "ventricular runs of 3 or more at 100/min or faster",
    PAUSES: "pauses of 3 s or more",
}
_WANTED = {LONG_RUNS: 1.0, FAST_RUNS: 0.9, PAUSES: 1.0}


def run(sources: Sequence[Source], context: Context) -> JsonObject:
    """Alerts on unseen patients by kind and priority, what had to ring, and the older rules."""
    classifier = load_classifier(context.artefact)
    baseline = context.artefact.with_name(BASELINE)
    stamp = f"{context.code} {classifier.model_id} {AlertPolicy().version}"
    work = partial(_record, context.artefact, baseline)
    records = context.each(f"alerts: {classifier.model_id}", stamp, unseen(sources), work)
    hours = sum(r["hours"] for r in records.values())
    return {
        "policy": AlertPolicy().version,
        "patient_hours": round(hours, 3),
        "kinds": {kind.value: _of_kind(records, kind, hours) for kind in AlertKind},
        "loud": _loud(records.values(), hours),
        "events": {
            name: _summed([r["events"][name] for r in records.values()]) for name in _EVENTS
        },
        "rules": {name: _rule(records.values(), name, hours) for name in (CHUNKS, BEATS)},
        "records": records,
    }


def _record(artefact: Path, baseline: Path, source: Source) -> JsonObject:
    recording, reference = read_recording(source.path), rhythm_reference(source.path)
    policy, rungs = AlertPolicy(), ring(recording.signal_mv, load_classifier(artefact))
    told: dict[str, Counter[str]] = {name: Counter() for name in _VERDICTS.values()}
    for rung in rungs:
        kind = f"{rung.alert.kind.value} {rung.alert.priority.value}"
        told[_VERDICTS[is_true(rung, reference, policy)]][kind] += 1
    asked = load_classifier(baseline) if baseline.is_file() else None
    return {
        "hours": len(recording.signal_mv) / RATE_HZ / 3600,
        **told,
        "events": {name: asdict(count) for name, count in missed(reference, rungs).items()},
        "rules": {}
        if asked is None
        else {CHUNKS: by_chunk(recording, asked), BEATS: by_beat(recording, asked)},
    }


def _of_kind(records: JsonObject, kind: AlertKind, hours: float) -> JsonObject:
    by_priority = {
        priority.value: {
            name: sum(r[name].get(f"{kind.value} {priority.value}", 0) for r in records.values())
            for name in _VERDICTS.values()
        }
        for priority in Priority
    }
    false = sum(counts["false"] for counts in by_priority.values())
    return {"by_priority": by_priority, "false_per_patient_day": _per_day(false, hours)}


def _loud(records: Iterable[JsonObject], hours: float) -> JsonObject:
    """Of high and medium priority, physiological."""
    counts = {
        name: sum(
            n for r in records for kind, n in r[name].items() if not kind.endswith(Priority.LOW)
        )
        for records in [list(records)]
        for name in ("true", "false")
    }
    return counts | {"false_per_patient_day": _per_day(counts["false"], hours)}


def _summed(counts: Sequence[JsonObject]) -> JsonObject:
    total = {key: sum(c[key] for c in counts) for key in _COUNTED}
    latest = [c["latest_s"] for c in counts if c["latest_s"] is not None]
    return total | {"latest_s": max(latest, default=None)}


_COUNTED = ("reference", "rung", "loud", "in_time", "loud_in_time")


def _rule(records: Iterable[JsonObject], name: str, hours: float) -> JsonObject:
    pairs = [r["rules"][name] for r in records if r["rules"]]
    false = sum(pair[1] for pair in pairs)
    true = sum(pair[0] for pair in pairs)
    return {"true": true, "false": false, "false_per_patient_day": _per_day(false, hours)}


def _per_day(count: int, hours: float) -> float | None:
    return round(count * DAY_H / hours, 3) if hours else None


def tables(data: JsonObject) -> list[Table]:
    """The rules beside each other, by kind, what had to ring, and by record."""
    loud, rules = data["loud"], data["rules"]
    beside = tuple((name, *_counts(rules[name])) for name in (CHUNKS, BEATS))
    ours = (f"policy {data['policy']}, high and medium", *_counts(loud))
    note = f"{data['patient_hours']} hours of {len(data['records'])} unseen patients."
    columns = ("rule", "borne out", "false", "false per patient-day")
    return [
        Table("Alerts by rule", columns, (*beside, ours), note),
        Table("Alerts", ("alert", "priority", *columns[1:3], "not judged"), tuple(_kinds(data))),
        Table(
            "What had to ring",
            ("event", "in the reference", "rung", "high or medium", "within 10 s", "latest, s"),
            tuple(_event(name, data["events"][name]) for name in _EVENTS),
        ),
        _by_record(data),
    ]


def _counts(of: JsonObject) -> tuple[int, int, float | None]:
    return of["true"], of["false"], of["false_per_patient_day"]


def _kinds(data: JsonObject) -> Iterable[tuple[str, str, int, int, int]]:
    for kind, of in data["kinds"].items():
        for priority, n in of["by_priority"].items():
            if any(n.values()):
                yield kind, priority, n["true"], n["false"], n["not_judged"]


def _event(name: str, n: JsonObject) -> tuple[str, int, int, int, int, float | None]:
    return _EVENTS[name], n["reference"], n["rung"], n["loud"], n["in_time"], n["latest_s"]


def _by_record(data: JsonObject) -> Table:
    """Per record and patient-day: the older rules, and ours loud and low."""
    rows = []
    for name, r in data["records"].items():
        day = DAY_H / r["hours"]
        older = [round(day * n, 1) for rule in (CHUNKS, BEATS) for n in r["rules"].get(rule, ())]
        ours = [
            round(day * sum(n for kind, n in r[verdict].items() if is_low == _is_low(kind)), 1)
            for is_low in (False, True)
            for verdict in ("true", "false")
        ]
        rows.append((name, *(older or [None] * 4), *ours))
    columns = tuple(
        f"{rule}, {verdict}"
        for rule in ("chunks", "beats", "high and medium", "low")
        for verdict in ("true", "false")
    )
    return Table("Alerts per patient-day by record", ("record", *columns), tuple(rows), "", False)


def _is_low(kind: str) -> bool:
    return kind.endswith(Priority.LOW)


def targets(data: JsonObject) -> list[Target]:
    """False alerts that call someone, and events that had to ring."""
    per_day = data["loud"]["false_per_patient_day"]
    found = [_found(name, data["events"][name]) for name in _EVENTS]
    few = per_day is not None and per_day <= MOST_FALSE_PER_DAY
    key = "sections.alerts.loud.false_per_patient_day"
    return [
        Target(key, "false high or medium alerts per patient-day", "<= 2", per_day, few),
        *found,
    ]


def _found(name: str, n: JsonObject) -> Target:
    share = n["rung"] / n["reference"] if n["reference"] else None
    wanted = f">= {100 * _WANTED[name]:g} %"
    key, met = f"sections.alerts.events.{name}.rung", (share or 0.0) >= _WANTED[name]
    return Target(key, f"{_EVENTS[name]} that rang", wanted, percent(share), met)


SECTION = Section(
    "alerts",
    "Alerts",
    "The whole pipeline over each unseen record, as if it were a patient, against two rules that "
    "let a network speak for itself. High and medium priority call someone; low is for awareness.",
    run,
    tables,
    alert_plots.plots,
    targets,
)
