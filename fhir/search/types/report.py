"""DiagnosticReport: how it is found (https://hl7.org/fhir/R4/diagnosticreport.html#search)."""

from fhir.search import params
from fhir.search import values as extract

REPORT = params.resource_type(
    "DiagnosticReport",
    "What was found in one monitoring session.",
    "subject",
    "-date",
    params.identifier("report", "clinical-identifier"),
    params.patient("clinical-patient"),
    params.subject("DiagnosticReport-subject"),
    params.token("code", extract.codings("code"), "Kind of study.", "clinical-code"),
    params.token(
        "category", extract.codings("category"), "Diagnostic service.", "DiagnosticReport-category"
    ),
    params.coded(
        "status",
        "status",
        "http://hl7.org/fhir/diagnostic-report-status",
        "preliminary, final, amended and others.",
        "DiagnosticReport-status",
    ),
    params.date(
        "date",
        "Time of the session's signal.",
        "clinical-date",
        "effectivePeriod",
        "effectiveDateTime",
    ),
)
