"""DocumentReference: how it is found (https://hl7.org/fhir/R4/documentreference.html#search)."""

from fhir.search import params
from fhir.search import values as extract

DOCUMENT = params.resource_type(
    "DocumentReference",
    "The signal of a finished session as a file: WFDB, EDF+ or DICOM, each under Binary.",
    "subject",
    "-period",
    params.identifier("document", "clinical-identifier"),
    params.patient("clinical-patient"),
    params.subject("DocumentReference-subject"),
    params.token("type", extract.codings("type"), "Kind of study.", "clinical-type"),
    params.token(
        "category",
        extract.codings("category"),
        "Diagnostic service.",
        "DocumentReference-category",
    ),
    params.coded(
        "status",
        "status",
        "http://hl7.org/fhir/document-reference-status",
        "current or superseded.",
        "DocumentReference-status",
    ),
    params.token(
        "contenttype",
        extract.codes("content.attachment.contentType", "urn:ietf:bcp:13"),
        "Media type of the file.",
        "DocumentReference-contenttype",
    ),
    params.reference(
        "related",
        "context.related",
        "The report that belongs to it, as DiagnosticReport/id.",
        "DocumentReference-related",
        "DiagnosticReport",
    ),
    params.date(
        "period", "Time of the session's signal.", "DocumentReference-period", "context.period"
    ),
)
