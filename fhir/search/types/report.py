"""DiagnosticReport: how it is found (https://hl7.org/fhir/R4/diagnosticreport.html#search)."""

from fhir.search import params
from fhir.search.types import common

REPORT = common.writable(
    params.resource_type(
        "DiagnosticReport",
        "What was found in one monitoring session.",
        "subject",
        "-date",
        params.identifier("report", "clinical-identifier"),
        params.patient("clinical-patient"),
        common.subject("DiagnosticReport-subject", "Device", "Group", "Location"),
        common.concept("code", "code", "Kind of study.", "clinical-code"),
        common.concept("category", "category", "Diagnostic service.", "DiagnosticReport-category"),
        common.status(
            "DiagnosticReport",
            "diagnostic-report-status",
            "preliminary, final, amended and others.",
        ),
        params.date(
            "date",
            "Time of the session's signal.",
            "clinical-date",
            "effectivePeriod",
            "effectiveDateTime",
        ),
        params.date("issued", "When this version was made.", "DiagnosticReport-issued", "issued"),
        common.concept(
            "conclusion", "conclusionCode", "Coded conclusion.", "DiagnosticReport-conclusion"
        ),
        common.encounter(),
        params.reference(
            "result",
            "result",
            "An Observation it rests on, as id or Observation/id.",
            "DiagnosticReport-result",
            "Observation",
        ),
        common.performer(
            "performer",
            "Who answers for it, as Practitioner/id (or id) and others.",
            "DiagnosticReport-performer",
            "Organization",
            "CareTeam",
        ),
        params.reference(
            "results-interpreter",
            "resultsInterpreter",
            "Who read it, as Practitioner/id (or id) and others.",
            "DiagnosticReport-results-interpreter",
            *common.PEOPLE,
            "Organization",
            "CareTeam",
        ),
        params.reference(
            "based-on",
            "basedOn",
            "What asked for it, as id or ServiceRequest/id.",
            "DiagnosticReport-based-on",
            "ServiceRequest",
        ),
    )
)
