"""Alerts that the service would raise, and how many of them the reference does not bear out.

The whole pipeline runs over each record; false ones are stated per patient and day, as studies
of alarm fatigue do (UCSF, doi:10.1371/journal.pone.0110274).
"""

from collections import Counter
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np

from analysis.alarms.policy import AlertPolicy
from analysis.classifier import load_classifier
from core.alerts import Alert, AlertKind
from core.ecg import SAMPLES_PER_STRIP
from model.dataset import Recording, read_recording
from model.ec57 import reference_beats
from model.evaluation import alert_plots
from model.evaluation.cache import JsonObject
from model.evaluation.replay import STARTED_US, replay
from model.evaluation.section import Context, Section, Table, Target
from model.evaluation.source import Source
from model.evaluation.told import unseen

RATE_HZ = 125.0
DAY_H = 24.0


def run(sources: Sequence[Source], context: Context) -> JsonObject:
    """Alerts by kind on unseen patients: borne out or false, in all and per patient-day."""
    classifier = load_classifier(context.artefact)
    stamp = f"{context.code} {classifier.model_id}"
    records = context.each(
        f"alerts: {classifier.model_id}", stamp, unseen(sources), partial(_judged, context.artefact)
    )
    hours = sum(r["hours"] for r in records.values())
    kinds = {kind.value: _total(records, kind, hours) for kind in AlertKind}
    false = sum(k["false"] for k in kinds.values())
    return {
        "patient_hours": round(hours, 3),
        "kinds": kinds,
        "false_per_patient_day": _per_day(false, hours),
        "records": records,
    }


def _judged(artefact: Path, source: Source) -> JsonObject:
    recording = read_recording(source.path)
    told = replay(recording.signal_mv, RATE_HZ, load_classifier(artefact))
    reference = reference_beats(source.path)
    flutter = () if reference is None else reference.flutter
    judged = [(alert.kind.value, _is_true(alert, recording, flutter)) for alert in told.alerts]
    return {
        "hours": len(recording.signal_mv) / RATE_HZ / 3600,
        "true": Counter(kind for kind, true in judged if true),
        "false": Counter(kind for kind, true in judged if not true),
    }


def _total(records: JsonObject, kind: AlertKind, hours: float) -> JsonObject:
    true, false = (sum(r[key].get(kind.value, 0) for r in records.values()) for key in _KEYS)
    return {"true": true, "false": false, "false_per_patient_day": _per_day(false, hours)}


_KEYS = ("true", "false")


def _per_day(count: int, hours: float) -> float | None:
    return round(count * DAY_H / hours, 3) if hours else None


def _is_true(alert: Alert, recording: Recording, flutter: Sequence[tuple[float, float]]) -> bool:
    """Whether the reference bears it out.

    Abnormal beats: at least half of the last window's reference beats are not of class N. Rates:
    the reference's mean over the strips that counted lies beyond the limit at which the alert
    closes. Anything within ventricular flutter is borne out.
    """
    policy = AlertPolicy()
    at_s = alert.opened_at.timestamp() - STARTED_US / 1e6
    if any(begin <= at_s <= end for begin, end in flutter):
        return True
    if alert.kind is AlertKind.ABNORMAL_BEATS:
        past = recording.beat_class[recording.beat_at <= round((at_s + 0.15) * RATE_HZ)]
        last = past[-policy.window_beats :]
        return bool(len(last)) and 2 * int((last != "N").sum()) >= len(last)
    per_min = _rate(alert, recording, policy.rate_strips)
    if per_min is None:
        return False
    if alert.kind is AlertKind.TACHYCARDIA:
        return per_min >= policy.tachycardia_closes_below
    return alert.kind is AlertKind.BRADYCARDIA and per_min <= policy.bradycardia_closes_above


def _rate(alert: Alert, recording: Recording, strips: int) -> float | None:
    """Beats per minute of the reference over the strips up to the alert's."""
    stop = (alert.strip_index + 1) * SAMPLES_PER_STRIP
    inside = recording.beat_at[
        (recording.beat_at >= stop - strips * SAMPLES_PER_STRIP) & (recording.beat_at < stop)
    ]
    return 60 * RATE_HZ / float(np.diff(inside).mean()) if len(inside) > 1 else None


def tables(data: JsonObject) -> list[Table]:
    """By kind, and by record."""
    rows = tuple(
        (kind, k["true"], k["false"], k["false_per_patient_day"])
        for kind, k in data["kinds"].items()
    )
    total = (
        "all",
        sum(k["true"] for k in data["kinds"].values()),
        sum(k["false"] for k in data["kinds"].values()),
        data["false_per_patient_day"],
    )
    note = f"{data['patient_hours']} hours of {len(data['records'])} unseen patients."
    by_record = tuple(
        (name, sum(r["true"].values()), sum(r["false"].values()))
        for name, r in data["records"].items()
    )
    columns = ("alert", "borne out", "false", "false per patient-day")
    return [
        Table("Alerts", columns, (*rows, total), note),
        Table("Alerts by record", ("record", "borne out", "false"), by_record, printed=False),
    ]


def targets(data: JsonObject) -> list[Target]:
    """None was promised."""
    return []


SECTION = Section(
    "alerts",
    "Alerts",
    "The whole pipeline over each unseen record. An alert of abnormal beats is borne out if the "
    "reference calls at least half of the last ten beats abnormal; one of the rate, if the "
    "reference's own rate lies beyond the limit.",
    run,
    tables,
    alert_plots.plots,
    targets,
)
