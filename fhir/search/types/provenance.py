"""Provenance: how it is found (https://hl7.org/fhir/R4/provenance.html#search)."""

from fhir.search import params

PROVENANCE = params.resource_type(
    "Provenance",
    "Where analysis results come from: software, weights, signal.",
    "extension.valueReference",
    "-recorded",
    params.patient("Provenance-patient"),
    params.reference(
        "target",
        "target",
        "The result, as Type/id.",
        "Provenance-target",
        "Observation",
        "DiagnosticReport",
        "Flag",
        "DocumentReference",
    ),
    params.filtering(
        params.reference(
            "agent",
            "agent.who",
            "The software or the recorder, as id or Device/id.",
            "Provenance-agent",
            "Device",
        )
    ),
    params.filtering(
        params.reference(
            "entity",
            "entity.what",
            "The Observation that a Flag rests on, as id or Observation/id.",
            "Provenance-entity",
            "Observation",
        )
    ),
    params.date("recorded", "When the result was made.", "Provenance-recorded", "recorded"),
)
