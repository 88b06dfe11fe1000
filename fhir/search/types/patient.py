"""Patient: how it is found (https://hl7.org/fhir/R4/patient.html#search)."""

from collections.abc import Iterator

from fhir.search import params
from fhir.search.types import common, people
from fhir.search.values import Json, booleans


def _deceased(body: Json) -> Iterator[tuple[str, str]]:
    """True or false: a date of death is true, and what says nothing is false."""
    dead = "deceasedDateTime" in body or body.get("deceasedBoolean") is True
    yield from booleans("dead")({"dead": dead})


PATIENT = common.writable(
    params.resource_type(
        "Patient",
        "Who wears a device; created when a device is enrolled, or by a client.",
        "id",
        "_id",
        params.identifier("patient", "Patient-identifier"),
        *people.names("Patient-name"),
        people.gender(),
        params.date("birthdate", "Date of birth.", "individual-birthdate", "birthDate"),
        params.date("death-date", "Date of death.", "Patient-death-date", "deceasedDateTime"),
        params.token("deceased", _deceased, "Whether dead, true or false.", "Patient-deceased"),
        common.active("Patient"),
        *people.addresses("individual"),
        *people.telecoms(),
        common.concept(
            "language", "communication.language", "Language they speak.", "Patient-language"
        ),
        params.reference(
            "general-practitioner",
            "generalPractitioner",
            "Their doctor or practice, as Practitioner/id (or id) and others.",
            "Patient-general-practitioner",
            *common.PEOPLE,
            "Organization",
        ),
        params.reference(
            "organization",
            "managingOrganization",
            "Who keeps the record, as id or Organization/id.",
            "Patient-organization",
            "Organization",
        ),
        params.reference(
            "link",
            "link.other",
            "Another record of the same person, as id or Patient/id.",
            "Patient-link",
            "Patient",
        ),
    )
)
