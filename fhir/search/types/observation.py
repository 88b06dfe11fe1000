"""Observation: how it is found (https://hl7.org/fhir/R4/observation.html#search).

Observations are the mass of the data. What most of ours carry, and many share, is therefore a
filter; codes and identifiers lead, and so does what is clients' alone.
"""

from fhir.search import params
from fhir.search import values as extract
from fhir.search.params import SearchParam
from fhir.search.types import common
from fhir.search.values import MDC_NOTE


def _filter(name: str, path: str, documentation: str) -> SearchParam:
    return params.filtering(common.concept(name, path, documentation, f"Observation-{name}"))


def _combined(name: str, documentation: str, *of: str) -> SearchParam:
    combined = params.token(name, None, documentation, f"Observation-{name}", *of)
    return params.filtering(combined)


def _reference(name: str, path: str, documentation: str, *targets: str) -> SearchParam:
    return params.reference(name, path, documentation, f"Observation-{name}", *targets)


OBSERVATION = common.writable(
    params.resource_type(
        "Observation",
        "ECG strips, heart rate, beat classification, signal quality and session summary; and"
        " what clinicians observe.",
        "subject",
        "-date",
        params.identifier("observation", "clinical-identifier"),
        params.patient("clinical-patient"),
        common.subject("Observation-subject", "Device", "Group", "Location"),
        common.concept("code", "code", f"What was observed. {MDC_NOTE}", "clinical-code"),
        _filter("component-code", "component.code",
                f"What a component tells, such as a lead. {MDC_NOTE}"),
        params.filtering(
            params.token("combo-code", extract.codings("code"),
                         f"Code of the observation or of a component. {MDC_NOTE}",
                         "Observation-combo-code", "combo-code", "component-code")
        ),
        _filter("category", "category", "vital-signs, procedure and others."),
        params.filtering(
            common.status("Observation", "observation-status",
                          "preliminary, final, amended and others.")
        ),
        params.date("date", "Time of the observed signal.", "clinical-date",
                    "effectiveDateTime", "effectivePeriod", "effectiveInstant"),
        params.quantity("value-quantity", "The value, as a number, with a prefix and a unit if"
                        " you like: gt120|http://unitsofmeasure.org|/min.",
                        "Observation-value-quantity", "valueQuantity"),
        _filter("value-concept", "valueCodeableConcept", "The value, as a code."),
        _filter("component-value-concept", "component.valueCodeableConcept",
                "The value of a component, as a code."),
        _combined("combo-value-concept", "The value, or that of a component, as a code.",
                  "value-concept", "component-value-concept"),
        params.string("value-string", "Beginning of the value, as a text, case ignored.",
                      "Observation-value-string", "valueString", "valueCodeableConcept.text"),
        params.date("value-date", "The value, as a time.", "Observation-value-date",
                    "valueDateTime", "valuePeriod"),
        _filter("data-absent-reason", "dataAbsentReason", "Why there is no value."),
        _filter("component-data-absent-reason", "component.dataAbsentReason",
                "Why a component has no value."),
        _combined("combo-data-absent-reason", "Why the observation or a component has no value.",
                  "data-absent-reason", "component-data-absent-reason"),
        _filter("method", "method", "How it was observed."),
        params.filtering(_reference("device", "device", "The device or algorithm, as id or"
                                    " Device/id.", "Device", "DeviceMetric")),
        params.filtering(_reference("derived-from", "derivedFrom", "What it was computed from,"
                                    " such as a strip, as id or Observation/id.", "Observation",
                                    "DocumentReference")),
        _reference("has-member", "hasMember", "A member of a panel, as id or Observation/id.",
                   "Observation"),
        _reference("focus", "focus", "What it is about, where that is not its subject, as"
                   " Type/id.", *common.EVERY_TYPE),
        common.encounter(),
        common.performer("performer", "Who observed it, as Practitioner/id (or id) and others.",
                         "Observation-performer", "Organization", "CareTeam", "Patient"),
        _reference("based-on", "basedOn", "What asked for it, as id or ServiceRequest/id.",
                   "ServiceRequest"),
    )
)  # fmt: skip
