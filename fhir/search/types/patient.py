"""Patient: how it is found (https://hl7.org/fhir/R4/patient.html#search)."""

from fhir.search import params

PATIENT = params.resource_type(
    "Patient",
    "Who wears a device; created when a device is enrolled.",
    "id",
    "_id",
    params.identifier("patient", "Patient-identifier"),
    params.string(
        "name",
        "Beginning of any part of the name, case ignored.",
        "Patient-name",
        "name.family",
        "name.given",
        "name.text",
        "name.prefix",
        "name.suffix",
    ),
    params.string(
        "family",
        "Beginning of the family name, case ignored.",
        "individual-family",
        "name.family",
    ),
    params.string(
        "given",
        "Beginning of a given name, case ignored.",
        "individual-given",
        "name.given",
    ),
    params.coded(
        "gender",
        "gender",
        "http://hl7.org/fhir/administrative-gender",
        "Administrative gender.",
        "individual-gender",
    ),
    params.date("birthdate", "Date of birth.", "individual-birthdate", "birthDate"),
)
