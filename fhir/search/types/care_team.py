"""CareTeam: how it is found (https://hl7.org/fhir/R4/careteam.html#search)."""

from fhir.search import params
from fhir.search.types import common

CARE_TEAM = common.writable(
    params.resource_type(
        "CareTeam",
        "Who looks after a patient.",
        "subject",
        "-date",
        params.identifier("team", "clinical-identifier"),
        params.patient("clinical-patient"),
        common.subject("CareTeam-subject", "Group"),
        common.status("CareTeam", "care-team-status", "active, inactive and others."),
        common.concept("category", "category", "Kind of team.", "CareTeam-category"),
        common.concept(
            "role",
            "participant.role",
            "What a member of the team does.",
            "http://hl7.org/fhir/us/core/SearchParameter/us-core-careteam-role",
        ),
        common.encounter(defined="CareTeam-encounter"),
        params.reference(
            "participant",
            "participant.member",
            "A member, as Practitioner/id (or id) and others.",
            "CareTeam-participant",
            *common.PEOPLE,
            "Organization",
            "CareTeam",
            "Patient",
        ),
        params.date("date", "Time that it covers.", "clinical-date", "period"),
    )
)
