"""DocumentReference: how it is found (https://hl7.org/fhir/R4/documentreference.html#search)."""

from fhir.search import params
from fhir.search.types import common

DOCUMENT = common.recorded(
    params.resource_type(
        "DocumentReference",
        "The signal of a finished session as a file: WFDB, EDF+ or DICOM, each under Binary.",
        "subject",
        "-period",
        params.identifier("document", "clinical-identifier"),
        params.patient("clinical-patient"),
        common.subject("DocumentReference-subject", "Device", "Group", "Practitioner"),
        common.concept("type", "type", "Kind of study.", "clinical-type"),
        common.concept("category", "category", "Diagnostic service.", "DocumentReference-category"),
        common.status("DocumentReference", "document-reference-status", "current or superseded."),
        params.coded(
            "contenttype",
            "content.attachment.contentType",
            "urn:ietf:bcp:13",
            "Media type of the file.",
            "DocumentReference-contenttype",
        ),
        common.concept(
            "format", "content.format", "Format of the file.", "DocumentReference-format"
        ),
        params.uri(
            "location",
            "Address of the file.",
            "DocumentReference-location",
            "content.attachment.url",
        ),
        params.reference(
            "author",
            "author",
            "Who or what made it, as Device/id (or id) and others.",
            "DocumentReference-author",
            "Device",
            *common.PEOPLE,
            "Organization",
            "Patient",
        ),
        common.encounter("context.encounter"),
        params.reference(
            "related",
            "context.related",
            "What belongs to it, as DiagnosticReport/id (or id) and others.",
            "DocumentReference-related",
            "DiagnosticReport",
            *(name for name in common.EVERY_TYPE if name != "DiagnosticReport"),
        ),
        params.date(
            "period", "Time of the session's signal.", "DocumentReference-period", "context.period"
        ),
        params.date("date", "When the reference was made.", "DocumentReference-date", "date"),
    )
)
