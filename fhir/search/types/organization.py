"""Organization: how it is found (https://hl7.org/fhir/R4/organization.html#search)."""

from fhir.search import params
from fhir.search.types import common, people

ORGANIZATION = common.writable(
    params.resource_type(
        "Organization",
        "A hospital, a ward, a practice.",
        None,
        "_id",
        params.identifier("organisation", "Organization-identifier"),
        params.string(
            "name",
            "Beginning of the name or of another that it goes by, case ignored.",
            "Organization-name",
            "name",
            "alias",
        ),
        common.active("Organization"),
        common.concept("type", "type", "Kind of organisation.", "Organization-type"),
        *people.addresses("Organization"),
        params.reference(
            "partof",
            "partOf",
            "What it is part of, as id or Organization/id.",
            "Organization-partof",
            "Organization",
        ),
    )
)
