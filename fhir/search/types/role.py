"""PractitionerRole: how it is found (https://hl7.org/fhir/R4/practitionerrole.html#search)."""

from fhir.search import params
from fhir.search.types import common, people

ROLE = common.writable(
    params.resource_type(
        "PractitionerRole",
        "What a clinician does, for which organisation and where.",
        None,
        "_id",
        params.identifier("role", "PractitionerRole-identifier"),
        common.active("PractitionerRole"),
        params.reference(
            "practitioner",
            "practitioner",
            "The clinician, as id or Practitioner/id.",
            "PractitionerRole-practitioner",
            "Practitioner",
        ),
        params.reference(
            "organization",
            "organization",
            "The organisation, as id or Organization/id.",
            "PractitionerRole-organization",
            "Organization",
        ),
        params.reference(
            "location",
            "location",
            "Where, as id or Location/id.",
            "PractitionerRole-location",
            "Location",
        ),
        common.concept("role", "code", "What they do.", "PractitionerRole-role"),
        common.concept("specialty", "specialty", "Their specialty.", "PractitionerRole-specialty"),
        *people.telecoms(),
        params.date("date", "Time of the role.", "PractitionerRole-date", "period"),
    )
)
