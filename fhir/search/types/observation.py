"""Observation: how it is found (https://hl7.org/fhir/R4/observation.html#search)."""

from fhir.search import params
from fhir.search import values as extract
from fhir.search.values import MDC_NOTE

OBSERVATION = params.resource_type(
    "Observation",
    "ECG strips, heart rate, beat classification, signal quality and session summary.",
    "subject",
    "-date",
    params.identifier("observation", "clinical-identifier"),
    params.patient("clinical-patient"),
    params.subject("Observation-subject"),
    params.token(
        "code", extract.codings("code"), f"What was observed. {MDC_NOTE}", "clinical-code"
    ),
    params.filtering(
        params.token(
            "component-code",
            extract.codings("component.code"),
            f"What a component tells, such as a lead. {MDC_NOTE}",
            "Observation-component-code",
        )
    ),
    params.filtering(
        params.token(
            "combo-code",
            extract.codings("code"),
            f"Code of the observation or of a component. {MDC_NOTE}",
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
