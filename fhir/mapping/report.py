"""A monitoring session -> DiagnosticReport (https://hl7.org/fhir/R4/diagnosticreport.html).

It has no conclusionCode: what the algorithm finds is no diagnosis.
"""

from datetime import datetime

from core.holter.summary import Holter
from fhir import codes
from fhir.codes import concept
from fhir.mapping import episodes, summary
from fhir.mapping.document import presented_forms
from fhir.mapping.identity import Origin
from fhir.mapping.prose import sentences
from fhir.values import Json, instant, narrative, period

KIND = "report"


def report(found: Holter, origin: Origin, issued_at: datetime, *, ended: bool) -> Json:
    """The session's report: partial while the session lasts, then final."""
    totals = found.totals
    wearer = origin.patient_id or "nobody"
    conclusion = sentences(found, ended=ended)
    name = origin.id(KIND, wearer)
    return {
        "resourceType": "DiagnosticReport",
        "id": name,
        "text": narrative(conclusion),
        "identifier": [origin.identifier(KIND, wearer)],
        "status": "final" if ended else "partial",
        "category": [concept(codes.ELECTROCARDIAC), concept(codes.CARDIOLOGY)],
        "code": concept(codes.HOLTER_STUDY),
        "subject": origin.subject,
        "effectivePeriod": period(totals.started_at, totals.ended_at),
        "issued": instant(issued_at),
        "result": [origin.observation(kind, wearer) for kind in _results(found)],
        "conclusion": conclusion,
        "presentedForm": presented_forms(name, issued_at),
    }


def _results(found: Holter) -> tuple[str, ...]:
    return (summary.KIND, episodes.KIND) if found.has_rhythm else (summary.KIND,)
