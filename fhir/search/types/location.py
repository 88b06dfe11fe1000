"""Location: how it is found (https://hl7.org/fhir/R4/location.html#search)."""

from fhir.search import params
from fhir.search.types import common, people

LOCATION = common.writable(
    params.resource_type(
        "Location",
        "A ward, a room, a bed.",
        None,
        "_id",
        params.identifier("place", "Location-identifier"),
        params.string(
            "name",
            "Beginning of the name or of another that it goes by, case ignored.",
            "Location-name",
            "name",
            "alias",
        ),
        common.status("Location", "location-status", "active, suspended or inactive."),
        common.concept("type", "type", "What is done there.", "Location-type"),
        common.concept(
            "operational-status",
            "operationalStatus",
            "Whether a bed is free.",
            "Location-operational-status",
        ),
        *people.addresses("Location"),
        params.reference(
            "organization",
            "managingOrganization",
            "Who runs it, as id or Organization/id.",
            "Location-organization",
            "Organization",
        ),
        params.reference(
            "partof",
            "partOf",
            "What it is in, as id or Location/id.",
            "Location-partof",
            "Location",
        ),
    )
)
