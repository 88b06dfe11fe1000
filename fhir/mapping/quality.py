"""Signal quality of a strip -> Observation: how far to trust it, why not, and its spectrum."""

from core.ecg import Spectrum, StripFinding
from fhir import codes
from fhir.codes import concept
from fhir.mapping import strip
from fhir.mapping.identity import Origin
from fhir.mapping.observation import observation
from fhir.values import Json, component, period, quantity

KIND = "quality"


def quality(finding: StripFinding, origin: Origin) -> Json:
    """The score in percent; each reason against reading the strip is a component that is true.

    The scores of its whole seconds are SampledData, one number a second.
    """
    score, readable = finding.quality.score, finding.quality.readable
    reasons = [codes.UNREADABLE[reason.value] for reason in finding.quality.reasons]
    named = ", ".join(reason.display.lower() for reason in reasons)
    text = f"Signal quality {100 * score:.0f} %, {'readable' if readable else 'not readable'}"
    return observation(
        KIND,
        finding,
        origin,
        text=f"{text}: {named}" if named else text,
        status="final",
        code=concept(codes.SIGNAL_QUALITY),
        effectivePeriod=period(finding.started_at, strip.last_sample_at(finding)),
        valueQuantity=quantity(100 * score, codes.PERCENT, 1),
        method={"text": f"Signal quality indices, pipeline {finding.pipeline_version}"},
        device=origin.device,
        derivedFrom=[origin.observation(strip.KIND, finding.strip_index)],
        component=[
            component(codes.READABLE, valueBoolean=readable),
            *(component(reason, valueBoolean=True) for reason in reasons),
            component(codes.MISSING_SAMPLES, valueInteger=finding.n_missing),
            *_seconds(finding.quality.seconds),
            *(_bands(finding.spectrum) if finding.spectrum else ()),
        ],
    )


def _seconds(scores: tuple[float, ...]) -> list[Json]:
    if not scores:
        return []
    data = {
        "origin": quantity(0, codes.PERCENT, 0),
        "period": 1000,
        "lowerLimit": 0,
        "upperLimit": 100,
        "dimensions": 1,
        "data": " ".join(f"{100 * score:.0f}" for score in scores),
    }
    return [component(codes.SECONDS_QUALITY, valueSampledData=data)]


def _bands(spectrum: Spectrum) -> list[Json]:
    dominant = quantity(spectrum.dominant_hz, codes.HERTZ, 2)
    powers = (
        (codes.POWER_LOW, spectrum.power_low),
        (codes.POWER_QRS, spectrum.power_qrs),
        (codes.POWER_HIGH, spectrum.power_high),
    )
    return [
        component(codes.DOMINANT_FREQUENCY, valueQuantity=dominant),
        *(
            component(code, valueQuantity=quantity(power, codes.SQUARE_MILLIVOLT, 6))
            for code, power in powers
        ),
    ]
