"""Group: how it is found (https://hl7.org/fhir/R4/group.html#search)."""

from fhir.search import params
from fhir.search import values as extract

GROUP = params.resource_type(
    "Group",
    "Patients who belong together, such as a study's.",
    None,
    "_id",
    params.identifier("group", "Group-identifier"),
    params.coded(
        "type", "type", "http://hl7.org/fhir/group-type", "person and others.", "Group-type"
    ),
    params.token("code", extract.codings("code"), "What kind of members.", "Group-code"),
)
