"""Flag: how it is found (https://hl7.org/fhir/R4/flag.html#search)."""

from fhir.codes import BASE
from fhir.search import params
from fhir.search.types import common

_OURS = f"{BASE}/SearchParameter"

FLAG = common.writable(
    params.resource_type(
        "Flag",
        "A condition that somebody should look at; active while it lasts.",
        "subject",
        "-date",
        params.identifier("flag", "Flag-identifier"),
        params.patient("clinical-patient"),
        common.subject("Flag-subject", "Group", "Organization", "Practitioner", "Location"),
        params.coded(
            "status",
            "status",
            "http://hl7.org/fhir/flag-status",
            "active or inactive.",
            f"{_OURS}/Flag-status",
        ),
        common.concept("code", "code", "The condition.", f"{_OURS}/Flag-code"),
        common.concept("category", "category", "clinical and others.", f"{_OURS}/Flag-category"),
        common.encounter(),
        params.reference(
            "author",
            "author",
            "Who raised it, as Device/id (or id) and others.",
            "Flag-author",
            "Device",
            *common.PEOPLE,
            "Organization",
            "Patient",
        ),
        params.date("date", "Time during which the condition lasted.", "clinical-date", "period"),
    )
)
