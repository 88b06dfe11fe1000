"""What all Observations of a strip share (https://hl7.org/fhir/R4/observation.html)."""

from typing import Any

from core.ecg import StripFinding
from fhir.codes import PROCEDURE, Code, concept
from fhir.mapping.identity import Origin
from fhir.values import Json, compact, narrative

_CLOCK_NOTE = (
    "The device's clock was not synchronised: this time is what it believed, or when its signal"
    " arrived."
)


def observation(
    kind: str,
    finding: StripFinding,
    origin: Origin,
    *,
    text: str,
    status: str,
    code: Json,
    category: Code = PROCEDURE,
    profile: str | None = None,
    notes: tuple[str, ...] = (),
    **elements: Any,
) -> Json:
    """An Observation of one strip: ``elements`` are its own, absent where they are None.

    ``notes`` stand before what is noted of the clock.
    """
    notes += () if finding.clock_synced else (_CLOCK_NOTE,)
    head = {
        "resourceType": "Observation",
        "id": origin.id(kind, finding.strip_index),
        "meta": {"profile": [profile]} if profile else None,
        "text": narrative(text),
        "identifier": [origin.identifier(kind, finding.strip_index)],
        "status": status,
        "category": [concept(category)],
        "code": code,
        "subject": origin.subject,
        "note": [{"text": note} for note in notes] or None,
    }
    return compact(head | elements)
