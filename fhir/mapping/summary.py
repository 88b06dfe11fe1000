"""A session's figures -> Observation: Holter monitor study in numbers."""

from core.holter.summary import Holter
from fhir import codes
from fhir.codes import Code, Unit, concept
from fhir.mapping.identity import Origin
from fhir.mapping.prose import sentences
from fhir.values import Json, component, narrative, period, quantity

KIND = "summary"


def summary(found: Holter, origin: Origin, *, ended: bool) -> Json:
    """The session's numbers so far; final once the session has ended."""
    told = [*_counts(found), *_times(found), *_rates(found), *_beats(found), *_intervals(found)]
    told += [*_spectra(found), *_measures(found)]
    return totalled(
        KIND,
        concept(codes.HOLTER_STUDY, text="Holter monitor study, totals"),
        sentences(found, ended=ended),
        told,
        found,
        origin,
        ended=ended,
    )


def totalled(
    kind: str,
    code: Json,
    text: str,
    components: list[Json],
    found: Holter,
    origin: Origin,
    *,
    ended: bool,
) -> Json:
    """An Observation of the session as a whole, of its own ``kind``."""
    wearer = origin.patient_id or "nobody"
    totals = found.totals
    return {
        "resourceType": "Observation",
        "id": origin.id(kind, wearer),
        "text": narrative(text),
        "identifier": [origin.identifier(kind, wearer)],
        "status": "final" if ended else "preliminary",
        "category": [concept(codes.PROCEDURE)],
        "code": code,
        "subject": origin.subject,
        "effectivePeriod": period(totals.started_at, totals.ended_at),
        "method": {"text": f"Pipeline {totals.pipeline_version}, neural network {totals.model_id}"},
        "device": origin.device,
        "component": components,
    }


def measured(*rows: tuple[Code, float | None, Unit, int]) -> list[Json]:
    """Components of what has a value: code, value, unit, digits."""
    return [
        component(code, valueQuantity=quantity(value, unit, digits))
        for code, value, unit, digits in rows
        if value is not None
    ]


def _counts(found: Holter) -> list[Json]:
    totals = found.totals
    counts = (
        (codes.CHUNKS_STORED, totals.chunks_stored),
        (codes.MISSING_SAMPLES, totals.missing_samples),
        (codes.BEATS, totals.beats),
        (codes.CLASSIFIED_BEATS, totals.classified_beats),
        (codes.ABNORMAL_BEATS, totals.abnormal_beats),
    )
    told = [component(code, valueInteger=count) for code, count in counts]
    if found.sums.fallback_strips:
        told.append(component(codes.FALLBACK_STRIPS, valueInteger=found.sums.fallback_strips))
    return told


def _times(found: Holter) -> list[Json]:
    return measured(
        (codes.ANALYSED_TIME, found.totals.analysed_s, codes.SECOND, 3),
        (codes.READABLE_TIME, found.totals.readable_s, codes.SECOND, 3),
        (codes.MISSING_TIME, found.sums.missing_s, codes.SECOND, 3),
        (codes.LEAD_OFF_TIME, found.sums.lead_off_s, codes.SECOND, 3),
        (codes.QUALITY_MEAN, found.quality_percent, codes.PERCENT, 1),
    )


def _rates(found: Holter) -> list[Json]:
    totals = found.totals
    return measured(
        (codes.RATE_MEAN, totals.rate_mean_per_min, codes.PER_MINUTE, 1),
        (codes.RATE_MIN, totals.rate_min_per_min, codes.PER_MINUTE, 1),
        (codes.RATE_MAX, totals.rate_max_per_min, codes.PER_MINUTE, 1),
    )


def _beats(found: Holter) -> list[Json]:
    """By class, where the network told classes."""
    sums = found.sums
    if not sums.named:
        return []
    return [
        {
            "code": concept(codes.VENTRICULAR_BEATS, codes.VPC_COUNT),
            "valueInteger": sums.ventricular,
        },
        component(codes.SUPRAVENTRICULAR_BEATS, valueInteger=sums.supraventricular),
        component(codes.FUSION_BEATS, valueInteger=sums.fusion),
        *measured(
            (codes.VENTRICULAR_BURDEN, found.ventricular_percent, codes.PERCENT, 3),
            (codes.SUPRAVENTRICULAR_BURDEN, found.supraventricular_percent, codes.PERCENT, 3),
        ),
    ]


def _spectra(found: Holter) -> list[Json]:
    """The frequency domain of heart rate variability."""
    spectra = found.spectra
    if spectra is None:
        return []
    return [
        *measured(
            (codes.LF_POWER, spectra.lf_ms2, codes.SQUARE_MILLISECOND, 1),
            (codes.HF_POWER, spectra.hf_ms2, codes.SQUARE_MILLISECOND, 1),
            (codes.LF_HF, spectra.lf_hf, codes.ONE, 2),
        ),
        component(codes.SPECTRA, valueInteger=spectra.windows),
    ]


def _measures(found: Holter) -> list[Json]:
    """QRS, QT and QTc as medians over the strips that they were measured in; QTc's range."""
    spreads = (
        (codes.QRS_DURATION, found.qrs),
        (codes.QT_INTERVAL, found.qt),
        (codes.QTC_INTERVAL, found.qtc),
    )
    told: list[Json] = [
        {
            "code": concept(*coded, text=f"{coded[0].display}: median of {spread.strips} strips"),
            "valueQuantity": quantity(spread.median_ms, codes.MILLISECOND, 0),
        }
        for coded, spread in spreads
        if spread is not None
    ]
    if found.qtc is not None:
        told += measured(
            (codes.QTC_MIN, found.qtc.lowest_ms, codes.MILLISECOND, 0),
            (codes.QTC_MAX, found.qtc.highest_ms, codes.MILLISECOND, 0),
        )
        told.append(component(codes.QTC_STRIPS, valueInteger=found.qtc.strips))
    return told


def _intervals(found: Holter) -> list[Json]:
    """The longest RR interval, pauses, and what the heart rate varies by."""
    longest, varies = found.longest_rr_ms, found.variability
    if longest is None:
        return []
    told = measured((codes.LONGEST_RR, longest.value, codes.MILLISECOND, 0))
    told.append(component(codes.RR_PAUSES, valueInteger=found.sums.rr_pauses))
    if varies is None:
        return told
    return told + measured(
        (codes.SDNN, varies.sdnn_ms, codes.MILLISECOND, 1),
        (codes.RMSSD, varies.rmssd_ms, codes.MILLISECOND, 1),
        (codes.PNN50, varies.pnn50_percent, codes.PERCENT, 1),
        (codes.SDANN, varies.sdann_ms, codes.MILLISECOND, 1),
        (codes.SDNN_INDEX, varies.sdnn_index_ms, codes.MILLISECOND, 1),
    )
