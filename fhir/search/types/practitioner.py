"""Practitioner: how it is found (https://hl7.org/fhir/R4/practitioner.html#search)."""

from fhir.search import params
from fhir.search.types import common, people

PRACTITIONER = common.writable(
    params.resource_type(
        "Practitioner",
        "A clinician.",
        None,
        "_id",
        params.identifier("clinician", "Practitioner-identifier"),
        *people.names("Practitioner-name"),
        people.gender(),
        common.active("Practitioner"),
        *people.addresses("individual"),
        *people.telecoms(),
        common.concept(
            "communication", "communication", "Language they speak.", "Practitioner-communication"
        ),
    )
)
