"""The checker finds seeded defects and lets HL7-conformant resources pass."""

import copy
from typing import Any

import pytest

from tests.conformance.checker import check, conformant

UCUM = "http://unitsofmeasure.org"
DIV = '<div xmlns="http://www.w3.org/1999/xhtml">Heart rate 72 per minute</div>'


def heart_rate() -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "id": "rate-1",
        "meta": {"profile": ["http://hl7.org/fhir/StructureDefinition/heartrate"]},
        "text": {"status": "generated", "div": DIV},
        "status": "final",
        "category": [
            {
                "coding": [
                    {
                        "system": "http://terminology.hl7.org/CodeSystem/observation-category",
                        "code": "vital-signs",
                    }
                ]
            }
        ],
        "code": {"coding": [{"system": "http://loinc.org", "code": "8867-4"}]},
        "subject": {"reference": "Patient/p"},
        "effectiveDateTime": "2026-03-01T12:00:00.000Z",
        "valueQuantity": {"value": 72, "unit": "/min", "system": UCUM, "code": "/min"},
    }


def strip() -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "status": "final",
        "code": {"text": "ECG"},
        "effectivePeriod": {
            "start": "2026-03-01T12:00:00.000Z",
            "end": "2026-03-01T12:00:00.024Z",
        },
        "valueSampledData": {
            "origin": {"value": 0, "unit": "mV", "system": UCUM, "code": "mV"},
            "period": 8,
            "factor": 0.001,
            "dimensions": 1,
            "data": "1 -2 E 4",
        },
    }


@pytest.mark.parametrize("make", [heart_rate, strip])
def test_good_resources_pass(make: Any) -> None:
    conformant(make())


def drop(*names: str) -> Any:
    def change(resource: dict[str, Any]) -> None:
        for name in names:
            del resource[name]

    return change


def put(path: str, value: Any) -> Any:
    def change(resource: dict[str, Any]) -> None:
        *steps, last = path.split(".")
        for step in steps:
            resource = resource[step]
        resource[last] = value

    return change


COMPONENT = {"code": {"text": "nothing in it"}}
DEFECTS = {
    "bad status": (heart_rate, put("status", "bogus"), "status"),
    "no status": (heart_rate, drop("status"), "status is required"),
    "no code": (heart_rate, drop("code"), "code"),
    "unknown element": (heart_rate, put("colour", "red"), "colour"),
    "two values": (heart_rate, put("valueString", "72"), "more than one value[x]"),
    "no zone": (heart_rate, put("effectiveDateTime", "2026-03-01T12:00:00"), "effectiveDateTime"),
    "month 13": (heart_rate, put("effectiveDateTime", "2026-13-01"), "effectiveDateTime"),
    "bad id": (heart_rate, put("id", "a b"), "id"),
    "obs-6": (heart_rate, put("dataAbsentReason", {"text": "error"}), "obs-6"),
    "obs-7": (
        heart_rate,
        put("component", [{"code": heart_rate()["code"], "valueInteger": 1}]),
        "obs-7",
    ),
    "vs-1": (heart_rate, put("effectiveDateTime", "2026-03"), "vs-1"),
    "vs-2": (heart_rate, drop("valueQuantity"), "vs-2"),
    "vs-3": (heart_rate, put("component", [COMPONENT]), "vs-3"),
    "per-1": (
        strip,
        put("effectivePeriod.end", "2026-02-01T12:00:00.024Z"),
        "per-1",
    ),
    "ext-1": (heart_rate, put("extension", [{"url": "https://example.org/x"}]), "ext-1"),
    "wrong unit": (heart_rate, put("valueQuantity.code", "bpm"), "bpm"),
    "no unit system": (heart_rate, drop("valueQuantity"), "value"),
    "wrong subject": (heart_rate, put("subject.reference", "Practitioner/1"), "Practitioner"),
    "not a reference": (heart_rate, put("subject.reference", "the patient"), "not a reference"),
    "no subject": (heart_rate, drop("subject"), "subject"),
    "no category": (heart_rate, drop("category"), "category"),
    "empty array": (heart_rate, put("note", []), "empty"),
    "empty string": (heart_rate, put("code.text", ""), "text"),
    "broken narrative": (heart_rate, put("text.div", "<div>"), "div"),
    "garbage samples": (strip, put("valueSampledData.data", "1 2 X foo"), "data"),
    "double space": (strip, put("valueSampledData.data", "1  2 3 4"), "data"),
    "seconds too many": (strip, put("valueSampledData.period", 1000), "do not span"),
    "samples too few": (strip, put("valueSampledData.data", "1 2"), "do not span"),
    "no origin": (strip, put("valueSampledData", {"period": 8, "dimensions": 1}), "origin"),
    "R5 interval": (strip, put("valueSampledData.interval", 8), "interval"),
}


@pytest.mark.parametrize(("make", "change", "said"), DEFECTS.values(), ids=DEFECTS)
def test_a_seeded_defect_is_found(make: Any, change: Any, said: str) -> None:
    resource = make()
    change(resource)
    wrong = check(resource)
    assert any(said in message for message in wrong), wrong


def test_entries_of_a_bundle_are_checked() -> None:
    entry = heart_rate()
    bundle = {"resourceType": "Bundle", "type": "searchset", "total": 1}
    good = {"fullUrl": "https://example.org/fhir/Observation/rate-1", "resource": entry}
    conformant({**bundle, "entry": [good | {"search": {"mode": "match"}}]})
    bad = copy.deepcopy(good)
    bad["resource"]["dataAbsentReason"] = {"text": "error"}  # type: ignore[index]
    assert any("obs-6" in message for message in check({**bundle, "entry": [bad]}))
    assert any("bdl-1" in m for m in check({**bundle, "type": "collection", "entry": [good]}))


def test_a_resolver_finds_dangling_references() -> None:
    assert check(heart_rate(), {"Patient/p"}.__contains__) == []
    assert "there is no Patient/p" in check(heart_rate(), lambda _: False)[0]


def test_bytes_are_taken_as_sent() -> None:
    assert check(b'{"resourceType":"Patient","id":"1"}') == []
    assert check(b"[]") == ["a resource is a JSON object"]
    assert check(b'{"resourceType":"Cloud"}')
    assert check(b"{}")
