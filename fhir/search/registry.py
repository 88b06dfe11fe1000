"""Resource types: one declaration each, from which routes, index, SQL and /metadata follow.

Search parameters are those of https://hl7.org/fhir/R4/searchparameter-registry.html; the ones
that R4 lacks (Flag's status, code and category) are defined here under our own canonical.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from fhir.codes import BASE
from fhir.search import params
from fhir.search import values as extract
from fhir.search.params import Interaction, ResourceType
from store.index import NO_DATE, Index, Token
from store.resources import Draft

Json = dict[str, Any]

_MDC_NOTE = "MDC codes are found under either of their two system URIs."

_PATIENT = params.resource_type(
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

_DEVICE = params.resource_type(
    "Device",
    "A monitor that a patient wears, or the algorithm that made a result.",
    "patient",
    "_id",
    params.identifier("device", "Device-identifier"),
    params.patient("Device-patient"),
    params.coded(
        "status",
        "status",
        "http://hl7.org/fhir/device-status",
        "Status of the record.",
        "Device-status",
    ),
    params.token("type", extract.codings("type"), f"Kind of device. {_MDC_NOTE}", "Device-type"),
)

_OBSERVATION = params.resource_type(
    "Observation",
    "ECG strips, heart rate, beat classification, signal quality and session summary.",
    "subject",
    "-date",
    params.identifier("observation", "clinical-identifier"),
    params.patient("clinical-patient"),
    params.subject("Observation-subject"),
    params.token(
        "code", extract.codings("code"), f"What was observed. {_MDC_NOTE}", "clinical-code"
    ),
    params.filtering(
        params.token(
            "component-code",
            extract.codings("component.code"),
            f"What a component tells, such as a lead. {_MDC_NOTE}",
            "Observation-component-code",
        )
    ),
    params.filtering(
        params.token(
            "combo-code",
            extract.codings("code"),
            f"Code of the observation or of a component. {_MDC_NOTE}",
            "Observation-combo-code",
            "combo-code",
            "component-code",
        )
    ),
    params.filtering(
        params.token(
            "category",
            extract.codings("category"),
            "vital-signs, procedure and others.",
            "Observation-category",
        )
    ),
    params.filtering(
        params.coded(
            "status",
            "status",
            "http://hl7.org/fhir/observation-status",
            "preliminary, final, amended and others.",
            "Observation-status",
        )
    ),
    params.filtering(
        params.reference(
            "device",
            "device",
            "The device or algorithm, as id or Device/id.",
            "Observation-device",
            "Device",
        )
    ),
    params.date(
        "date",
        "Time of the observed signal.",
        "clinical-date",
        "effectiveDateTime",
        "effectivePeriod",
        "effectiveInstant",
    ),
)

_REPORT = params.resource_type(
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

_FLAG = params.resource_type(
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

_DOCUMENT = params.resource_type(
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

_BINARY = ResourceType(
    "Binary",
    "A report or a strip on ECG paper, or a report's signal as a file, made when it is asked for."
    " Its id is that of the DiagnosticReport or Observation, which the token must allow to read"
    " too, and -pdf, -svg, -wfdb, -edf or -dicom. Answered as its own media type, or as FHIR"
    " JSON where Accept asks for that.",
    {},
    None,
    "_id",
    (Interaction.READ,),
)

TYPES: Mapping[str, ResourceType] = {
    kind.name: kind
    for kind in (_PATIENT, _DEVICE, _OBSERVATION, _REPORT, _FLAG, _DOCUMENT, _BINARY)
}


def index(body: Json) -> Index:
    """What a resource is found by, by its type's declaration."""
    kind = TYPES[body["resourceType"]]
    found = kind.date.dates(body) if kind.date and kind.date.dates else None
    at, until = found or (NO_DATE, None)
    return Index(_patient_id(kind, body), at, until, tuple(_tokens(kind, body)))


def draft(body: Json, render: Json | None = None) -> Draft:
    """A resource ready to be stored; it carries its ``id``, and no version."""
    return Draft(body["resourceType"], body["id"], body, index(body), render)


def _tokens(kind: ResourceType, body: Json) -> Iterator[Token]:
    for param in kind.params.values():
        if param.values:
            for system, code in param.values(body):
                yield Token(param.name, code, system, param.leads)


def _patient_id(kind: ResourceType, body: Json) -> str | None:
    if kind.patient is None:
        return None
    if kind.patient == "id":
        return str(body["id"])
    for reference in extract.elements(body, f"{kind.patient}.reference"):
        target, _, name = str(reference).rpartition("/")
        if target == "Patient":
            return name
    return None
