"""Rhythms of a strip -> Observation: what its beats, or none, amount to, with onset and offset.

https://hl7.org/fhir/R4/observation.html. One per strip, so that a strip's rhythm is found with
``value-concept`` and each of its episodes with ``component-code``. An episode that goes on is
told again with the next strip, with the same start. Preliminary: no clinician has confirmed it.
"""

from datetime import datetime, timedelta

from core.ecg import Intervals, RhythmKind, RhythmSpan, StripFinding
from fhir import codes
from fhir.codes import concept
from fhir.mapping import strip
from fhir.mapping.device import algorithm_id
from fhir.mapping.identity import Origin
from fhir.mapping.observation import observation
from fhir.values import Json, period, quantity, reference

KIND = "rhythm"
GRAVITY = (
    RhythmKind.VENTRICULAR_FIBRILLATION,
    RhythmKind.ASYSTOLE,
    RhythmKind.VENTRICULAR_TACHYCARDIA,
    RhythmKind.VENTRICULAR_RUN,
    RhythmKind.PAUSE,
    RhythmKind.ATRIAL_FIBRILLATION,
    RhythmKind.SUPRAVENTRICULAR_RUN,
    RhythmKind.BRADYCARDIA,
    RhythmKind.TACHYCARDIA,
    RhythmKind.BIGEMINY,
    RhythmKind.TRIGEMINY,
    RhythmKind.COUPLET,
    RhythmKind.PACED,
    RhythmKind.NOISE,
    RhythmKind.SINUS,
)
"""The gravest rhythm of a strip is its value."""


def rhythm(finding: StripFinding, origin: Origin) -> Json:
    """The gravest rhythm as value, each span as a component with its period, then intervals."""
    spans = sorted(finding.rhythm, key=lambda s: (GRAVITY.index(s.kind), s.first_sample))
    told = "; ".join(_told(span, finding) for span in spans) or codes.NO_RHYTHM.display
    return observation(
        KIND,
        finding,
        origin,
        text=f"Rhythm by automatic analysis, not confirmed: {told}",
        status="preliminary",
        code=concept(codes.HEART_RHYTHM, text="Heart rhythm"),
        effectivePeriod=period(finding.started_at, strip.last_sample_at(finding)),
        valueCodeableConcept=concept(*_codes(spans), text=told),
        interpretation=[concept(codes.ABNORMAL if _is_abnormal(spans) else codes.NORMAL)]
        if spans
        else None,
        method={"text": f"Rules on beats and signal, pipeline {finding.pipeline_version}"},
        device=reference("Device", algorithm_id(finding.pipeline_version, finding.model_id)),
        derivedFrom=[origin.observation(strip.KIND, finding.strip_index)],
        component=[*(_component(s, finding) for s in spans), *_intervals(finding.intervals)]
        or None,
    )


def _codes(spans: list[RhythmSpan]) -> tuple[codes.Code, ...]:
    return codes.RHYTHMS[spans[0].kind.value] if spans else (codes.NO_RHYTHM,)


def _is_abnormal(spans: list[RhythmSpan]) -> bool:
    return any(span.kind is not RhythmKind.SINUS for span in spans)


def _told(span: RhythmSpan, finding: StripFinding) -> str:
    seconds = (span.stop_sample - span.first_sample) / finding.rate_hz
    parts = [codes.RHYTHMS[span.kind.value][0].display, f"{seconds:.1f} s"]
    if span.beats:
        parts.append(f"{span.beats} beats")
    if span.rate_per_min is not None:
        parts.append(f"{span.rate_per_min:.0f}/min")
    return ", ".join(parts if span.verified else [*parts, codes.UNVERIFIED.display.lower()])


def _component(span: RhythmSpan, finding: StripFinding) -> Json:
    normal = span.kind is RhythmKind.SINUS
    marks = [concept(codes.NORMAL if normal else codes.ABNORMAL)]
    if not span.verified:
        marks.append(concept(codes.UNVERIFIED))
    return {
        "code": concept(*codes.RHYTHMS[span.kind.value], text=_told(span, finding)),
        "valuePeriod": period(_at(span.first_sample, finding), _at(span.stop_sample, finding)),
        "interpretation": marks,
    }


def _at(sample_index: int, finding: StripFinding) -> datetime:
    offset_s = (sample_index - finding.first_sample) / finding.rate_hz
    return finding.started_at + timedelta(seconds=offset_s)


def _intervals(found: Intervals | None) -> list[Json]:
    if found is None:
        return []
    values = (
        (codes.QRS_DURATION, found.qrs_ms),
        (codes.QT_INTERVAL, found.qt_ms),
        (codes.QTC_INTERVAL, found.qtc_ms),
    )
    return [
        {
            "code": concept(*coded, text=f"{coded[0].display}: {found.method}"),
            "valueQuantity": quantity(value, codes.MILLISECOND, 0),
        }
        for coded, value in values
        if value is not None
    ]
