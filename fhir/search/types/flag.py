"""Flag: how it is found (https://hl7.org/fhir/R4/flag.html#search)."""

from fhir.codes import BASE
from fhir.search import params
from fhir.search import values as extract

FLAG = params.resource_type(
    "Flag",
    "A condition that somebody should look at; active while it lasts.",
    "subject",
    "-date",
    params.identifier("flag", "Flag-identifier"),
    params.patient("clinical-patient"),
    params.subject("Flag-subject"),
    params.coded(
        "status",
        "status",
        "http://hl7.org/fhir/flag-status",
        "active or inactive.",
        f"{BASE}/SearchParameter/Flag-status",
    ),
    params.token(
        "code", extract.codings("code"), "The condition.", f"{BASE}/SearchParameter/Flag-code"
    ),
    params.token(
        "category",
        extract.codings("category"),
        "clinical and others.",
        f"{BASE}/SearchParameter/Flag-category",
    ),
    params.date("date", "Time during which the condition lasted.", "clinical-date", "period"),
)
