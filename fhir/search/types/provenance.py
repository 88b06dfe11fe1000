"""Provenance: how it is found (https://hl7.org/fhir/R4/provenance.html#search)."""

from fhir.search import params
from fhir.search.types import common

PROVENANCE = common.recorded(
    params.resource_type(
        "Provenance",
        "How a result came about: by which software and model, from which signal.",
        "extension.valueReference",
        "-recorded",
        params.patient("Provenance-patient"),
        params.reference(
            "target",
            "target",
            "What it tells of, as Type/id.",
            "Provenance-target",
            *common.EVERY_TYPE,
        ),
        params.date("recorded", "When it was written.", "Provenance-recorded", "recorded"),
        params.date("when", "When it happened.", "Provenance-when", "occurredDateTime"),
        params.reference(
            "agent",
            "agent.who",
            "Who or what did it, as Device/id (or id) and others.",
            "Provenance-agent",
            "Device",
            *common.PEOPLE,
            "Organization",
            "Patient",
        ),
        common.concept("agent-type", "agent.type", "How they took part.", "Provenance-agent-type"),
        common.concept("agent-role", "agent.role", "In which role.", "Provenance-agent-role"),
        params.reference(
            "entity",
            "entity.what",
            "What it was made from, as Type/id.",
            "Provenance-entity",
            *common.EVERY_TYPE,
        ),
        params.reference(
            "location",
            "location",
            "Where it happened, as id or Location/id.",
            "Provenance-location",
            "Location",
        ),
    )
)
