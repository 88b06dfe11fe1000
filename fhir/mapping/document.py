"""What a report is also offered as: paper for people, recordings for other programs.

https://hl7.org/fhir/R4/documentreference.html. Attachments are addresses: what is there is made
when it is asked for (``Binary``), so that no waveform comes to rest in the clear.
"""

from datetime import datetime

from core.ecg import SessionTotals
from core.formats import FILES, PAPER, Format, binary_id
from fhir import codes
from fhir.codes import Code, concept
from fhir.mapping.identity import Origin
from fhir.values import Json, instant, narrative, period, reference

KIND = "document"
_PAPER_TITLES = {
    Format.PDF: "Holter report: figures, trends, and strips on ECG paper",
    Format.SVG: "ECG strips on ECG paper",
}
_FILES: dict[Format, Code] = {
    Format.WFDB: codes.WFDB_RECORD,
    Format.EDF: codes.EDF_PLUS,
    Format.DICOM: codes.DICOM_ECG,
}


def presented_forms(report_id: str, created_at: datetime) -> list[Json]:
    """DiagnosticReport.presentedForm: the report as PDF, its first strips as SVG."""
    return [
        _attachment(report_id, form, _PAPER_TITLES[form], created_at) | {"language": "en"}
        for form in PAPER
    ]


def documents(totals: SessionTotals, origin: Origin, report_id: str, at: datetime) -> list[Json]:
    """A DocumentReference for each file of the session's signal, and for the report on paper.

    US Core wants a report's attachment to be found as a document too
    (https://hl7.org/fhir/us/core/clinical-notes.html).
    """
    return [_document(totals, origin, report_id, form, at) for form in (*FILES, Format.PDF)]


def _document(
    totals: SessionTotals, origin: Origin, report_id: str, form: Format, at: datetime
) -> Json:
    name = (KIND, form.value, origin.patient_id or "nobody")
    coded = _FILES.get(form)
    title = f"Continuous ECG, single lead, as {coded.display}" if coded else _PAPER_TITLES[form]
    attachment = _attachment(report_id, form, title, totals.ended_at)
    return {
        "resourceType": "DocumentReference",
        "id": origin.id(*name),
        "text": narrative(title),
        "masterIdentifier": origin.identifier(*name),
        "identifier": [origin.identifier(*name)],
        "status": "current",
        "docStatus": "final",
        "type": concept(codes.HOLTER_STUDY, codes.EKG_STUDY),
        "category": [concept(codes.CARDIOLOGY)],
        "subject": origin.subject,
        "date": instant(at),
        "author": [origin.device],
        "description": title,
        "content": [
            {"attachment": attachment} | ({"format": coded.coding} if coded is not None else {})
        ],
        "context": {
            "period": period(totals.started_at, totals.ended_at),
            "related": [reference("DiagnosticReport", report_id)],
        },
    }


def _attachment(report_id: str, form: Format, title: str, created_at: datetime) -> Json:
    return {
        "contentType": form.content_type,
        "url": f"Binary/{binary_id(report_id, form)}",
        "title": title,
        "creation": instant(created_at),
    }
