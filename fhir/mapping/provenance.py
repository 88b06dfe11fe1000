"""Where an analysis result comes from: software, weights, signal (Provenance).

https://hl7.org/fhir/R4/provenance.html. The assembler is the analysis software at its version,
whose Device carries the digest of the weights; the informant is the recorder. The signal is named
by session and sample indices, which are exact; a chunk holds 187 samples. It is no US Core
Provenance: that asks for organisations, of which we know none.
"""

from collections.abc import Sequence
from datetime import datetime

from core.chunk import SAMPLES_PER_CHUNK
from core.ecg import SessionTotals, StripFinding
from fhir import codes
from fhir.codes import Code, concept
from fhir.mapping.device import algorithm_id
from fhir.mapping.identity import Origin
from fhir.values import Json, compact, instant, narrative, reference

KIND = "provenance"


def of_strip(finding: StripFinding, origin: Origin, made: Sequence[Json], at: datetime) -> Json:
    """Where the Observations of a strip come from; ``at`` is when analysis committed them."""
    first, last = finding.first_sample, finding.first_sample + finding.n_samples - 1
    chunks = f"chunks {first // SAMPLES_PER_CHUNK} to {last // SAMPLES_PER_CHUNK}"
    signal = _signal(
        origin.name("samples", f"{first}-{last}"),
        f"Samples {first} to {last} of the session, {chunks} where none was lost before",
    )
    software = _software((finding.pipeline_version, finding.model_id))
    name = origin.id(KIND, finding.strip_index)
    return _provenance(name, origin, made, at, "ECG analysis of a strip", software, signal)


def of_flag(
    flag: Json, opened: Origin, now: Origin, software: tuple[str, str] | None, at: datetime
) -> Json:
    """Where a Flag comes from: the Observation that it rests on has a provenance of its own.

    It is named by the session that ``opened`` the Flag; the recorder is that of the session
    where it rests ``now``.
    """
    seen = {"role": "source", "what": flag["extension"][0]["valueReference"]}
    name = opened.id(KIND, flag["id"])
    return _provenance(name, now, [flag], at, "Alert rule", _software(software), seen)


def of_report(totals: SessionTotals, origin: Origin, made: Sequence[Json], at: datetime) -> Json:
    """Where a session's report, summary and files come from."""
    told = f"The session's signal, {totals.strips} strips"
    software = _software((totals.pipeline_version, totals.model_id))
    name = origin.id(KIND, "report", origin.patient_id or "nobody")
    signal = _signal(origin.name(), told)
    return _provenance(name, origin, made, at, "Report of a session", software, signal)


def _provenance(
    name: str,
    origin: Origin,
    made: Sequence[Json],
    at: datetime,
    activity: str,
    software: list[Json],
    source: Json,
) -> Json:
    patient = None
    if origin.patient_id is not None:
        whose = reference("Patient", origin.patient_id)
        patient = [{"url": codes.PROVENANCE_PATIENT, "valueReference": whose}]
    return compact(
        {
            "resourceType": "Provenance",
            "id": name,
            "text": narrative(f"{activity}, {instant(at)}"),
            "extension": patient,
            "target": [reference(body["resourceType"], body["id"]) for body in made],
            "recorded": instant(at),
            "activity": concept(codes.DATA_CREATE, text=activity),
            "agent": [*software, _agent(codes.INFORMANT, origin.device)],
            "entity": [source],
        }
    )


def _software(version: tuple[str, str] | None) -> list[Json]:
    if version is None:
        return []
    return [_agent(codes.ASSEMBLER, reference("Device", algorithm_id(*version)))]


def _agent(type_: Code, who: Json) -> Json:
    return {"type": concept(type_), "who": who}


def _signal(name: str, told: str) -> Json:
    what = {"identifier": {"system": codes.SIGNAL_SID, "value": name}, "display": told}
    return {"role": "source", "what": what}
