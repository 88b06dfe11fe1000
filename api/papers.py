"""Strips and reports on ECG paper, from what is stored."""

from datetime import timedelta

import numpy as np
import numpy.typing as npt

from analysis.signal.zero_phase import SPEC, zero_phase
from api.recordings import beat_class
from api.report_choice import Choice, choices
from api.report_words import report_words
from api.results import Result, on_paper
from api.samples import Scale, fill, millivolts
from api.strips import Opener, session_opener
from core.chunk import INVALID_SAMPLE
from core.ecg import SAMPLES_PER_STRIP, Beat, StripFinding
from core.errors import Incorrect, NotFound
from core.keyring import KeyRing
from export.paper.grid import LINE_S
from export.paper.sheet import BeatMark, Excerpt, Header, NoSignal, Report, Strip
from export.recording import BeatClass, spans
from fhir import codes
from store import digests, excerpts
from store.database import Transaction

_LABELS = {BeatClass.NORMAL: "N", BeatClass.ABNORMAL: "A", BeatClass.UNCLASSIFIED: "?"}
_NOT_RECEIVED, _LEAD_OFF = "not received", "lead off"
_CLOCK = "The device's clock was not set; the time is when the signal arrived"


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
) -> tuple[Report, list[Excerpt]]:
    """What a report says before its strips, and the strips to show.

    Raises NotFound where nothing is published of the wearer's signal any more.
    """
    row, wearer = result.session.row, result.patient_id
    alerts = await excerpts.alerts_of(tx, row, wearer)
    found = dict(await digests.summaries(tx, row)).get(wearer)
    if found is None:
        raise NotFound("nothing is published of this recording")
    remarks: list[str] = []
    shown: list[Excerpt] = []
    try:
        opener = await session_opener(tx, keyring, result.session)
        for choice in choices(found, alerts):
            drawn = await excerpt_on_paper(tx, opener, result, choice, found.rate_hz)
            shown += [drawn] if drawn is not None else []
    except (NotFound, Incorrect):
        remarks.append("The signal can no longer be opened: no strips are shown.")
        shown.clear()
    return report_words(result, found, alerts, tuple(remarks)), shown


async def excerpt_on_paper(
    tx: Transaction, opener: Opener, result: Result, choice: Choice, rate_hz: float
) -> Excerpt | None:
    """A strip from anywhere in the wearer's signal; None where nothing is published of it."""
    first, n = choice.first_sample, round(LINE_S * rate_hz)
    numbers = range(first // SAMPLES_PER_STRIP, (first + n - 1) // SAMPLES_PER_STRIP + 1)
    found = await excerpts.named(tx, result.session.row, result.patient_id, list(numbers))
    if not found:
        return None
    placed = np.full(n, INVALID_SAMPLE, np.int16)
    scale = Scale()
    received = await fill(opener, placed, first, scale)
    # What another has worn, or what is not published, is not this wearer's to show.
    theirs = np.ones(n, np.bool_)
    for finding in found:
        start = finding.first_sample - first
        theirs[max(start, 0) : max(start + finding.n_samples, 0)] = False
    placed[theirs] = INVALID_SAMPLE
    mv = zero_phase(millivolts(placed, scale.nv_per_lsb), rate_hz)
    gaps = _gaps(placed, received & ~theirs)
    marks = tuple(
        BeatMark(beat.sample_index - first, label(beat, finding))
        for finding in found
        for beat in finding.beats
        if 0 <= beat.sample_index - first < n
    )
    remarks = tuple({_CLOCK for finding in found if not finding.clock_synced})
    at = found[0].started_at + timedelta(seconds=(first - found[0].first_sample) / rate_hz)
    patient = on_paper(result.patient)
    header = Header(choice.title, patient, at, result.device, (), SPEC, choice.remarks + remarks)
    strip = Strip(mv, rate_hz, marks, gaps, header)
    marked = choice.marked and (choice.marked[0] - first, choice.marked[1] - first)
    return Excerpt(strip, choice.told, marked)


async def _strip(opener: Opener, result: Result, finding: StripFinding, title: str) -> Strip:
    placed = np.full(finding.n_samples, INVALID_SAMPLE, np.int16)
    scale = Scale()
    received = await fill(opener, placed, finding.first_sample, scale)
    mv = zero_phase(millivolts(placed, scale.nv_per_lsb), finding.rate_hz)
    gaps = _gaps(placed, received)
    return Strip(mv, finding.rate_hz, _marks(finding), gaps, _header(result, finding, title))


def _gaps(placed: npt.NDArray[np.int16], received: npt.NDArray[np.bool_]) -> tuple[NoSignal, ...]:
    off = received & (placed == INVALID_SAMPLE)
    gaps = [NoSignal(a, b, _NOT_RECEIVED) for a, b in spans(~received)]
    gaps += [NoSignal(a, b, _LEAD_OFF) for a, b in spans(off)]
    return tuple(gaps)


def label(beat: Beat, finding: StripFinding) -> str:
    """What stands above a beat: its class, or whether it is abnormal where it has none."""
    if beat.beat_class is not None:
        return beat.beat_class.value
    return _LABELS[beat_class(beat, finding)]


def _marks(finding: StripFinding) -> tuple[BeatMark, ...]:
    return tuple(
        BeatMark(beat.sample_index - finding.first_sample, label(beat, finding))
        for beat in finding.beats
    )


def _header(result: Result, finding: StripFinding, title: str) -> Header:
    rate, quality = finding.rate, finding.quality
    reasons = [codes.UNREADABLE[reason.value].display.lower() for reason in quality.reasons]
    labels = [mark.label for mark in _marks(finding)]
    counts = ", ".join(f"{labels.count(one)} {one}" for one in "NSVFQA?" if one in labels)
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
