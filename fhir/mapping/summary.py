"""A session's totals -> Observation: Holter monitor study in numbers."""

from core.ecg import SessionTotals
from fhir import codes
from fhir.codes import concept
from fhir.mapping.identity import Origin
from fhir.mapping.prose import sentences
from fhir.values import Json, component, narrative, period, quantity

KIND = "summary"


def summary(totals: SessionTotals, origin: Origin, *, ended: bool) -> Json:
    """The session's numbers so far; final once the session has ended."""
    wearer = origin.patient_id or "nobody"
    return {
        "resourceType": "Observation",
        "id": origin.id(KIND, wearer),
        "text": narrative(sentences(totals, ended=ended)),
        "identifier": [origin.identifier(KIND, wearer)],
        "status": "final" if ended else "preliminary",
        "category": [concept(codes.PROCEDURE)],
        "code": concept(codes.HOLTER_STUDY, text="Holter monitor study, totals"),
        "subject": origin.subject,
        "effectivePeriod": period(totals.started_at, totals.ended_at),
        "method": {"text": f"Pipeline {totals.pipeline_version}, neural network {totals.model_id}"},
        "device": origin.device,
        "component": [*_counts(totals), *_times(totals), *_rates(totals)],
    }


def _counts(totals: SessionTotals) -> list[Json]:
    counts = (
        (codes.CHUNKS_STORED, totals.chunks_stored),
        (codes.MISSING_SAMPLES, totals.missing_samples),
        (codes.BEATS, totals.beats),
        (codes.CLASSIFIED_BEATS, totals.classified_beats),
        (codes.ABNORMAL_BEATS, totals.abnormal_beats),
    )
    return [component(code, valueInteger=count) for code, count in counts]


def _times(totals: SessionTotals) -> list[Json]:
    times = (
        (codes.ANALYSED_TIME, totals.analysed_s),
        (codes.READABLE_TIME, totals.readable_s),
    )
    return [component(code, valueQuantity=quantity(s, codes.SECOND, 3)) for code, s in times]


def _rates(totals: SessionTotals) -> list[Json]:
    rates = (
        (codes.RATE_MEAN, totals.rate_mean_per_min),
        (codes.RATE_MIN, totals.rate_min_per_min),
        (codes.RATE_MAX, totals.rate_max_per_min),
    )
    return [
        component(code, valueQuantity=quantity(rate, codes.PER_MINUTE, 1))
        for code, rate in rates
        if rate is not None
    ]
