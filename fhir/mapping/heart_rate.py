"""Heart rate of a strip -> Observation, by HL7's vital-signs profile.

https://hl7.org/fhir/R4/heartrate.html. It stands at the strip's end, in one instant, because
flowsheets have one time per value; the span it is averaged over is that of ``derivedFrom``.
"""

from core.ecg import Rate, StripFinding
from fhir import codes
from fhir.codes import concept
from fhir.mapping import strip
from fhir.mapping.identity import Origin
from fhir.mapping.observation import observation
from fhir.values import Json, component, instant, quantity

KIND = "heart-rate"


def heart_rate(finding: StripFinding, origin: Origin) -> Json:
    """The heart rate and RR statistics; without a rate it says that there is none, and no number.

    The profile knows patients only, so there is none for a device that nobody wears.
    """
    rate = finding.rate
    return observation(
        KIND,
        finding,
        origin,
        text=_text(rate),
        status="final",
        category=codes.VITAL_SIGNS,
        profile=codes.HEART_RATE_PROFILE,
        code=concept(codes.HEART_RATE, text="Heart rate"),
        effectiveDateTime=instant(strip.last_sample_at(finding)),
        valueQuantity=quantity(rate.heart_rate_per_min, codes.PER_MINUTE, 1) if rate else None,
        dataAbsentReason=None if rate else concept(codes.ERROR, text="No rate can be read"),
        method={"text": f"R peaks of the ECG, pipeline {finding.pipeline_version}"},
        device=origin.device,
        derivedFrom=[origin.observation(strip.KIND, finding.strip_index)],
        component=_intervals(rate) if rate else None,
    )


def _text(rate: Rate | None) -> str:
    if rate is None:
        return "Heart rate: none can be read from this strip"
    return (
        f"Heart rate {rate.heart_rate_per_min:.0f} per minute; RR interval "
        f"{rate.rr_mean_ms:.0f} ms ({rate.rr_min_ms:.0f} to {rate.rr_max_ms:.0f} ms)"
    )


def _intervals(rate: Rate) -> list[Json]:
    intervals = (
        (codes.RR_MEAN, "Mean RR interval", rate.rr_mean_ms),
        (codes.RR_MIN, None, rate.rr_min_ms),
        (codes.RR_MAX, None, rate.rr_max_ms),
        (codes.SDNN, "SDNN of RR intervals", rate.sdnn_ms),
        (codes.RMSSD, None, rate.rmssd_ms),
    )
    return [
        component(code, text, valueQuantity=quantity(value_ms, codes.MILLISECOND, 1))
        for code, text, value_ms in intervals
    ]
