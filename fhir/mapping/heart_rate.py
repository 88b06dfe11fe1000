"""Heart rate of a strip -> Observation, by HL7's vital-signs profile.

https://hl7.org/fhir/R4/heartrate.html. It stands at the strip's end, in one instant, because
flowsheets have one time per value; the span it is averaged over is that of ``derivedFrom``. Where
a clinician has set alarm limits, they are its reference range, and it says how it lies to them.
"""

from core.ecg import Rate, StripFinding
from core.limits import UNLIMITED, Limits, filled
from fhir import codes
from fhir.codes import concept
from fhir.mapping import strip
from fhir.mapping.identity import Origin
from fhir.mapping.observation import observation
from fhir.values import Json, component, instant, quantity

KIND = "heart-rate"


def heart_rate(finding: StripFinding, origin: Origin, limits: Limits = UNLIMITED) -> Json:
    """The heart rate and RR statistics; without a rate it says that there is none, and no number.

    The profile knows patients only, so there is none for a device that nobody wears. ``limits``
    are those of the patient when the strip began.
    """
    rate = finding.rate
    value = quantity(rate.heart_rate_per_min, codes.PER_MINUTE, 1) if rate else None
    is_judged = value is not None and bool(limits.source)
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
        valueQuantity=value,
        dataAbsentReason=None if rate else concept(codes.ERROR, text="No rate can be read"),
        interpretation=[_interpretation(value["value"], limits)] if value and is_judged else None,
        method={"text": f"R peaks of the ECG, pipeline {finding.pipeline_version}"},
        device=origin.device,
        derivedFrom=[origin.observation(strip.KIND, finding.strip_index)],
        referenceRange=[_range(limits)] if is_judged else None,
        component=_intervals(rate) if rate else None,
    )


def _interpretation(per_min: float, limits: Limits) -> Json:
    """Beyond the limits, far beyond, or within them: of the value as it is told."""
    whole = filled(limits)
    for code, bound, sign in (
        ("HH", whole.extreme_fast_per_min, 1),
        ("H", whole.fast_per_min, 1),
        ("LL", whole.extreme_slow_per_min, -1),
        ("L", whole.slow_per_min, -1),
    ):
        if bound is not None and sign * (per_min - bound) > 0:
            return concept(codes.RATE_INTERPRETATIONS[code])
    return concept(codes.NORMAL)


def _range(limits: Limits) -> Json:
    """The limits in force, the policy's own where the patient's Goal sets none."""
    whole = filled(limits)
    bounds = {"low": whole.slow_per_min, "high": whole.fast_per_min}
    told = {n: quantity(b, codes.PER_MINUTE, 1) for n, b in bounds.items() if b is not None}
    meaning = concept(codes.ALARM_LIMITS)
    return told | {"type": meaning, "text": f"Limits of the patient's alarms, {limits.source}"}


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
