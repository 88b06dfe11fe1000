"""A DiagnosticReport as an ORU^R01 message of HL7 v2.5.1.

http://www.hl7.eu/HL7v2x/v251/std251/ch07.html#Heading13: MSH, PID, OBR with the conclusion as
NTE, then an OBX for each value and one that points to the report's PDF.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

import hl7

from fhir.hl7v2.fields import coded, day, identifier, joined, name, text, time
from fhir.hl7v2.observations import STATUSES, Fields, observed
from fhir.values import Json, instant

_SEX = {"male": "M", "female": "F", "other": "O", "unknown": "U"}
_CONTROL_ID_CHARS = 20


@dataclass(frozen=True, slots=True)
class Letterhead:
    """Who sends to whom (MSH-3 to MSH-6), and the FHIR base that links to a PDF begin with."""

    application: str = "HISBUNDLE"
    facility: str = ""
    to_application: str = ""
    to_facility: str = ""
    base: str | None = None


def control_id(report_id: str, version: int) -> str:
    """MSH-10: the same for every attempt to send one version of a report, and for no other."""
    digest = sha256(f"{report_id}/{version}".encode()).hexdigest()
    return digest[:_CONTROL_ID_CHARS].upper()


def oru_r01(
    report: Json,
    observations: Sequence[Json],
    patient: Json,
    letterhead: Letterhead,
    *,
    version: int,
    at: datetime,
) -> str:
    """The message in ER7, segments ended by carriage returns; ``at`` is when the version was
    written.

    ``observations`` are the report's results, ``patient`` is empty where nobody wore the device.
    """
    segments = [
        _msh(letterhead, control_id(report["id"], version), at),
        _segment("PID", _pid(patient)),
        _segment("OBR", _obr(report, letterhead)),
    ]
    if report.get("conclusion"):
        segments.append(_segment("NTE", {1: "1", 2: "L", 3: text(report["conclusion"])}))
    for number, fields in enumerate(_results(report, observations, letterhead), 1):
        segments.append(_segment("OBX", {1: str(number)} | fields))
    return str(hl7.Message("\r", segments))


def _segment(kind: str, fields: Mapping[int, str]) -> hl7.Segment:
    last = max((number for number, value in fields.items() if value), default=0)
    return hl7.Segment("|", [kind, *(fields.get(number, "") for number in range(1, last + 1))])


def _msh(letterhead: Letterhead, control: str, at: datetime) -> hl7.Segment:
    ends = (letterhead.application, letterhead.facility, letterhead.to_application,
            letterhead.to_facility)  # fmt: skip
    fields = {1: "|", 2: r"^~\&", 7: time(instant(at)), 9: "ORU^R01^ORU_R01", 10: control,
              11: "P", 12: "2.5.1", 15: "AL", 16: "NE", 18: "UNICODE UTF-8"}  # fmt: skip
    return _segment("MSH", fields | {n: text(end) for n, end in enumerate(ends, 3)})


def _pid(patient: Json) -> Fields:
    identifiers = patient.get("identifier") or [{"value": patient.get("id", "")}]
    return {
        1: "1",
        3: "~".join(identifier(given) for given in identifiers),
        5: "~".join(filter(None, map(name, patient.get("name", [])))),
        7: day(str(patient.get("birthDate", ""))),
        8: _SEX.get(patient.get("gender", ""), ""),
    }


def _obr(report: Json, letterhead: Letterhead) -> Fields:
    period = report.get("effectivePeriod", {})
    return {
        1: "1",
        3: joined("^", [text(report["id"]), text(letterhead.application)]),
        4: coded(report["code"]),
        7: time(report.get("effectiveDateTime") or period.get("start", "")),
        8: time(period.get("end", "")),
        22: time(report.get("issued", "")),
        24: "EC",
        25: _status(report),
    }


def _results(
    report: Json, observations: Sequence[Json], letterhead: Letterhead
) -> Iterator[Fields]:
    for group, observation in enumerate(observations, 1):
        yield from observed(observation, group)
    for form in report.get("presentedForm", []):
        if letterhead.base is not None and form.get("contentType") == "application/pdf":
            link = text(f"{letterhead.base}/{form['url']}")
            yield {
                2: "RP",
                3: coded(report["code"]),
                4: "pdf",
                5: f"{link}^{text(letterhead.application)}^AP^PDF",
                11: STATUSES.get(report["status"], "F"),
            }


def _status(report: Json) -> str:
    """OBR-25 (table 0123), which has no word for what was wrong: it is withdrawn then."""
    status = STATUSES.get(report["status"], "F")
    return "X" if status == "W" else status
