"""Strips and reports on ECG paper, from what is stored."""

from datetime import datetime

import numpy as np

from analysis.signal.zero_phase import SPEC, zero_phase
from api.recordings import beat_class
from api.results import Result, observation, on_paper
from api.samples import Scale, fill, millivolts
from api.strips import Opener, session_opener
from core.chunk import INVALID_SAMPLE
from core.ecg import Alert, StripFinding
from core.errors import Incorrect, NotFound
from core.keyring import KeyRing
from export.paper.sheet import BeatMark, Header, NoSignal, Report, Strip
from export.recording import BeatClass, spans
from fhir import codes
from fhir.values import Json
from store import excerpts
from store.database import Transaction

STRIPS_MAX = 11
"""With the page of totals, twelve."""
_LABELS = {BeatClass.NORMAL: "N", BeatClass.ABNORMAL: "A", BeatClass.UNCLASSIFIED: "?"}
_NOT_RECEIVED, _LEAD_OFF = "not received", "lead off"
_CLOCK = "The device's clock was not set; the time is when the signal arrived"
_STATUSES = {"partial": "Partial report: the recording goes on", "final": "Final report"}


async def strip_on_paper(tx: Transaction, keyring: KeyRing, result: Result) -> Strip:
    """The strip of an Observation. Raises NotFound where it is none, or its key is gone."""
    if result.name[0] != "strip":
        raise NotFound("only ECG strips and reports go on paper")
    row, wearer = result.session.row, result.patient_id
    found = await excerpts.named(tx, row, wearer, [int(result.name[1])])
    if not found:
        raise NotFound("nothing is published of this strip")
    opener = await session_opener(tx, keyring, result.session)
    return await _strip(opener, result, found[0], "ECG strip")


async def report_on_paper(
    tx: Transaction, keyring: KeyRing, result: Result
) -> tuple[Report, list[Strip]]:
    """A report's first page, and the strips to show: alerts, lowest and highest rate."""
    row, wearer = result.session.row, result.patient_id
    alerts = await excerpts.alerts_of(tx, row, wearer)
    titles = _titles(alerts, *await excerpts.extremes(tx, row, wearer))
    remarks, strips = [], []
    try:
        opener = await session_opener(tx, keyring, result.session)
        found = await excerpts.named(tx, row, wearer, list(titles))
        strips = [await _strip(opener, result, f, titles[f.strip_index]) for f in found]
    except (NotFound, Incorrect):
        remarks.append("The signal can no longer be opened: no strips are shown.")
    return await _report(tx, result, alerts, remarks), strips


def _titles(
    alerts: list[Alert], low: int | None, high: int | None, first: int | None
) -> dict[int, str]:
    """The strips to show, with why; extremes first in the choice, for alerts may be many."""
    chosen: dict[int, list[str]] = {}
    extremes = ((low, "Lowest heart rate"), (high, "Highest heart rate"))
    for strip, why in extremes if low is not None else ((first, "First strip"),):
        if strip is not None:
            chosen.setdefault(strip, []).append(why)
    for alert in alerts:
        if alert.strip_index in chosen or len(chosen) < STRIPS_MAX:
            told = codes.FLAGS[alert.kind.value][0].display
            chosen.setdefault(alert.strip_index, []).insert(0, f"Alert: {told.lower()}")
    return {strip: "; ".join(why) for strip, why in chosen.items()}


async def _strip(opener: Opener, result: Result, finding: StripFinding, title: str) -> Strip:
    placed = np.full(finding.n_samples, INVALID_SAMPLE, np.int16)
    scale = Scale()
    received = await fill(opener, placed, finding.first_sample, scale)
    mv = zero_phase(millivolts(placed, scale.nv_per_lsb), finding.rate_hz)
    off = received & (placed == INVALID_SAMPLE)
    gaps = [NoSignal(a, b, _NOT_RECEIVED) for a, b in spans(~received)]
    gaps += [NoSignal(a, b, _LEAD_OFF) for a, b in spans(off)]
    return Strip(mv, finding.rate_hz, _marks(finding), tuple(gaps), _header(result, finding, title))


def _marks(finding: StripFinding) -> tuple[BeatMark, ...]:
    return tuple(
        BeatMark(
            beat.sample_index - finding.first_sample,
            _LABELS[beat_class(beat.abnormal_probability, finding.abnormal_from)],
        )
        for beat in finding.beats
    )


def _header(result: Result, finding: StripFinding, title: str) -> Header:
    rate, quality = finding.rate, finding.quality
    reasons = [codes.UNREADABLE[reason.value].display.lower() for reason in quality.reasons]
    labels = [mark.label for mark in _marks(finding)]
    counts = ", ".join(f"{labels.count(label)} {label}" for label in "NA?" if label in labels)
    readable = "readable" if quality.readable else "not readable"
    facts = (
        ("Heart rate", f"{rate.heart_rate_per_min:.0f} /min" if rate else "not read"),
        ("RR interval", f"{rate.rr_min_ms:.0f} to {rate.rr_max_ms:.0f} ms" if rate else "not read"),
        ("Signal quality", f"{100 * quality.score:.0f} %, {readable}"),
        ("Beats", f"{len(labels)}: {counts}" if labels else "none found"),
        ("Without a value", f"{finding.n_missing} of {finding.n_samples} samples"),
    )
    remarks = [f"Quality: {', '.join(reasons)}"] if reasons else []
    if not finding.clock_synced:
        remarks.append(_CLOCK)
    patient = on_paper(result.patient)
    return Header(title, patient, finding.started_at, result.device, facts, SPEC, tuple(remarks))


async def _report(
    tx: Transaction, result: Result, alerts: list[Alert], remarks: list[str]
) -> Report:
    body = result.body
    summary = await observation(tx, body["result"][0]["reference"])
    start, end = (datetime.fromisoformat(body["effectivePeriod"][k]) for k in ("start", "end"))
    return Report(
        title="ECG monitoring report",
        patient=on_paper(result.patient),
        period=f"{start:%Y-%m-%d %H:%M} to {end:%Y-%m-%d %H:%M} UTC",
        device=result.device,
        status=_STATUSES.get(body["status"], f"Report, {body['status']}"),
        conclusion=body.get("conclusion", ""),
        totals=tuple(_total(component) for component in summary.get("component", [])),
        alerts=tuple(_alert(alert) for alert in alerts),
        remarks=tuple(remarks),
    )


def _total(component: Json) -> tuple[str, str]:
    told = component.get("valueQuantity")
    value = f"{told['value']} {told['unit']}" if told else str(component.get("valueInteger", ""))
    return component["code"]["coding"][0]["display"], value


def _alert(alert: Alert) -> tuple[str, str, str]:
    until = f" to {alert.closed_at:%H:%M:%S} UTC" if alert.closed_at else " UTC, still open"
    when = f"{alert.opened_at:%Y-%m-%d %H:%M:%S}{until}"
    return codes.FLAGS[alert.kind.value][0].display, when, alert.evidence
