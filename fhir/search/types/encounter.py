"""Encounter: how it is found (https://hl7.org/fhir/R4/encounter.html#search)."""

from fhir.search import params
from fhir.search.types import common

_US_CORE = "http://hl7.org/fhir/us/core/SearchParameter"

ENCOUNTER = common.writable(
    params.resource_type(
        "Encounter",
        "A stay or a visit during which a patient is monitored.",
        "subject",
        "-date",
        params.identifier("encounter", "clinical-identifier"),
        params.patient("clinical-patient"),
        common.subject("Encounter-subject", "Group"),
        common.status(
            "Encounter", "encounter-status", "planned, in-progress, finished and others."
        ),
        common.concept("class", "class", "inpatient, ambulatory and others.", "Encounter-class"),
        common.concept("type", "type", "Kind of encounter.", "clinical-type"),
        common.concept("reason-code", "reasonCode", "Why it takes place.", "Encounter-reason-code"),
        common.concept(
            "discharge-disposition",
            "hospitalization.dischargeDisposition",
            "Where the patient went.",
            f"{_US_CORE}/us-core-encounter-discharge-disposition",
        ),
        params.date("date", "Time of the encounter.", "clinical-date", "period"),
        params.quantity("length", "How long it took.", "Encounter-length", "length"),
        params.reference(
            "location",
            "location.location",
            "Where, as id or Location/id.",
            "Encounter-location",
            "Location",
        ),
        params.reference(
            "participant",
            "participant.individual",
            "Who takes part, as Practitioner/id (or id), or as PractitionerRole/id.",
            "Encounter-participant",
            *common.PEOPLE,
        ),
        params.reference(
            "service-provider",
            "serviceProvider",
            "The hospital or ward, as id or Organization/id.",
            "Encounter-service-provider",
            "Organization",
        ),
        params.reference(
            "part-of",
            "partOf",
            "What it is part of, as id or Encounter/id.",
            "Encounter-part-of",
            "Encounter",
        ),
        params.reference(
            "based-on",
            "basedOn",
            "What asked for it, as id or ServiceRequest/id.",
            "Encounter-based-on",
            "ServiceRequest",
        ),
        params.reference(
            "reason-reference",
            "reasonReference",
            "What it is about, as id or Observation/id.",
            "Encounter-reason-reference",
            "Observation",
        ),
    )
)
