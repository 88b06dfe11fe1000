"""Beat classification of a strip -> Observation: what the network says of each beat.

An abnormal beat is not a rhythm and not a diagnosis: the codes say no more than the network
does, and the status stays preliminary, for no clinician has confirmed it.
"""

from collections.abc import Sequence
from datetime import timedelta

from core.ecg import Beat, BeatClass, StripFinding
from fhir import codes
from fhir.codes import concept
from fhir.mapping import strip
from fhir.mapping.device import algorithm_id
from fhir.mapping.identity import Origin
from fhir.mapping.observation import observation
from fhir.values import Json, component, decimal, instant, period, quantity, reference

KIND = "beats"
_INSTEAD = ", instead of the configured engine"
_ECTOPIC = {
    BeatClass.VENTRICULAR: codes.VENTRICULAR_BEATS,
    BeatClass.SUPRAVENTRICULAR: codes.SUPRAVENTRICULAR_BEATS,
}


def beats(finding: StripFinding, origin: Origin) -> Json:
    """One component per beat, with its time, verdict, probability and class; then the counts."""
    known = [b.abnormal_probability for b in finding.beats if b.abnormal_probability is not None]
    abnormal = sum(p >= finding.abnormal_from for p in known)
    text = f"{abnormal} of {len(known)} classified beats abnormal"
    verdict = codes.ABNORMAL_BEATS if abnormal else codes.NO_ABNORMAL_BEATS
    return observation(
        KIND,
        finding,
        origin,
        text=f"Beat classification by neural network, not confirmed: {text}",
        status="preliminary",
        code=concept(codes.BEAT_CLASSIFICATION),
        effectivePeriod=period(finding.started_at, strip.last_sample_at(finding)),
        valueCodeableConcept=concept(verdict, text=text) if known else None,
        dataAbsentReason=None if known else concept(codes.NOT_PERFORMED),
        interpretation=[_interpretation(abnormal > 0)] if known else None,
        method={"text": f"Neural network {finding.model_id}{_INSTEAD if finding.fallback else ''}"},
        notes=_notes(finding),
        device=reference("Device", algorithm_id(finding.pipeline_version, finding.model_id)),
        derivedFrom=[origin.observation(strip.KIND, finding.strip_index)],
        component=[*_counts(finding, known, abnormal), *(_beat(finding, b) for b in finding.beats)],
    )


def _notes(finding: StripFinding) -> tuple[str, ...]:
    """Why another engine than the configured one classified, if one did."""
    if finding.fallback is None:
        return ()
    return (
        f"Classified by {finding.model_id} instead of the configured engine, which could not be"
        f" asked: {finding.fallback}.",
    )


def _counts(finding: StripFinding, known: Sequence[float], abnormal: int) -> list[Json]:
    counts = [
        component(codes.BEATS, valueInteger=len(finding.beats)),
        component(codes.CLASSIFIED_BEATS, valueInteger=len(known)),
        component(codes.ABNORMAL_BEATS, valueInteger=abnormal),
    ]
    counts += [
        component(code, valueInteger=sum(beat.beat_class == of for beat in finding.beats))
        for of, code in _ECTOPIC.items()
        if any(beat.beat_class is not None for beat in finding.beats)
    ]
    if known:
        mean = quantity(sum(known) / len(known), codes.ONE, 4)
        counts.append(component(codes.MEAN_PROBABILITY, valueQuantity=mean))
    return counts


def _beat(finding: StripFinding, beat: Beat) -> Json:
    offset_s = (beat.sample_index - finding.first_sample) / finding.rate_hz
    told = component(
        codes.R_PEAK, valueDateTime=instant(finding.started_at + timedelta(seconds=offset_s))
    )
    probability = beat.abnormal_probability
    if probability is None:
        return told
    said: list[Json] = [{"url": codes.BEAT_PROBABILITY, "valueDecimal": decimal(probability, 4)}]
    if beat.beat_class is not None:
        said.append({"url": codes.BEAT_CLASS, "valueCode": beat.beat_class.value})
    return {
        "extension": said,
        **told,
        "interpretation": [_interpretation(probability >= finding.abnormal_from)],
    }


def _interpretation(abnormal: bool) -> Json:
    return concept(codes.ABNORMAL if abnormal else codes.NORMAL)
