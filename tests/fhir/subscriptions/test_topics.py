"""Topics: which versions are their events; and that each filter is a search parameter."""

from datetime import UTC, datetime
from typing import Any

import orjson
import pytest

from fhir.codes import HEART_RATE, LOINC, VITAL_SIGNS, Code, concept
from fhir.search.registry import TYPES
from fhir.subscriptions import codes
from fhir.subscriptions.limits import is_out_of_range
from fhir.subscriptions.matching import Seen, is_wanted, seen
from fhir.subscriptions.topics import ALERTS, OUT_OF_RANGE, REPORTS, TOPICS, TRIGGER
from fhir.subscriptions.wanted import wanted
from fhir.values import Json
from tests.fhir.subscriptions.samples import subscription

_NOW = datetime(2026, 3, 1, tzinfo=UTC)
_SYSTEM = "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation"
_SPO2 = Code(LOINC, "59408-5", "SpO2", "")
_BLOOD_PRESSURE = Code(LOINC, "85354-9", "Blood pressure", "")
_SYSTOLIC = Code(LOINC, "8480-6", "Systolic", "")


def _quantity(value: float, code: str = "/min") -> Json:
    return {"value": value, "unit": code, "system": "http://unitsofmeasure.org", "code": code}


def _vital(value: float | None = None, code: Code = HEART_RATE, **more: Any) -> Json:
    body: Json = {
        "resourceType": "Observation",
        "id": "o",
        "status": "final",
        "category": [concept(VITAL_SIGNS)],
        "code": concept(code),
        "subject": {"reference": "Patient/p1"},
    }
    return body | ({} if value is None else {"valueQuantity": _quantity(value)}) | more


def _marked(code: str, system: str = _SYSTEM) -> Json:
    return {"interpretation": [{"coding": [{"system": system, "code": code}]}]}


def _range(low: float | None, high: float | None, code: str = "/min", **more: Any) -> Json:
    bounds = {"low": low, "high": high}
    told = {name: _quantity(v, code) for name, v in bounds.items() if v is not None}
    return {"referenceRange": [told | more]}


@pytest.mark.parametrize(
    ("observation", "expected"),
    [
        (_vital(72), False),
        (_vital(40), True),
        (_vital(131), True),
        (_vital(130.9), False),
        (_vital(), False),
        (_vital(135, **_marked("N")), False),
        (_vital(72, **_marked("H")), True),
        (_vital(72, **_marked("LL")), True),
        (_vital(72, **_marked("H", "urn:other")), False),
        (_vital(110, **_range(60, 100)), True),
        (_vital(50, **_range(60, None)), True),
        (_vital(135, **_range(60, 140)), False),
        (_vital(72, **_range(60, 70, "/h")), False),
        (_vital(72, **_range(60, 70, appliesTo=[{"text": "newborns"}])), False),
        (_vital(135, status="entered-in-error"), False),
        (_vital(135, category=[{"text": "vital-signs"}]), False),
        (_vital(None, _SPO2, valueQuantity=_quantity(91, "%")), True),
        (_vital(None, _SPO2, valueQuantity=_quantity(92, "%")), False),
        (_vital(None, _SPO2, valueQuantity=_quantity(0.9, "1")), False),
        (_vital(None, _SPO2, valueQuantity={"value": 80, "unit": "%"}), False),
        (
            _vital(
                None,
                _BLOOD_PRESSURE,
                component=[{"code": concept(_SYSTOLIC), "valueQuantity": _quantity(85, "mm[Hg]")}],
            ),
            True,
        ),
    ],
)
def test_vital_signs_out_of_range(observation: Json, expected: bool) -> None:
    assert is_out_of_range(observation) is expected


def _seen(body: Json, *, is_deletion: bool = False) -> Seen:
    content = orjson.dumps(body)
    return seen(body["resourceType"], body["id"], _NOW, content, is_deletion=is_deletion)


def _report(status: str) -> Json:
    return {
        "resourceType": "DiagnosticReport",
        "id": "r",
        "status": status,
        "code": {"text": "ECG"},
        "subject": {"reference": "Patient/p1"},
    }


@pytest.mark.parametrize(
    ("topic", "filters", "body", "expected"),
    [
        (REPORTS, (), _report("final"), True),
        (REPORTS, (), _report("amended"), True),
        (REPORTS, (), _report("preliminary"), False),
        (REPORTS, ("patient=p2",), _report("final"), False),
        (OUT_OF_RANGE, (), _vital(135), True),
        (OUT_OF_RANGE, (), _vital(72), False),
        (OUT_OF_RANGE, ("code=8867-4", "patient=p2"), _vital(135), False),
        (codes.FEED, (), _vital(72), True),
        (codes.FEED, ("DiagnosticReport?patient=p1",), _vital(72), False),
        (codes.FEED, ("Observation?patient=p1&trigger=feed-event",), _vital(72), True),
        (codes.FEED, ("Observation?category=laboratory",), _vital(72), False),
        ("Observation?value-quantity=gt100", (), _vital(101), True),
        ("Observation?value-quantity=gt100", (), _vital(99), False),
        (ALERTS, (), _vital(135), False),
    ],
)
def test_events(topic: str, filters: tuple[str, ...], body: Json, expected: bool) -> None:
    assert is_wanted(wanted(subscription(topic, *filters)), _seen(body)) is expected


@pytest.mark.parametrize(
    ("criteria", "expected"),
    [(codes.FEED, True), (OUT_OF_RANGE, False), ("Observation?patient=p1", False)],
)
def test_deletions(criteria: str, expected: bool) -> None:
    deleted = _seen(_vital(135), is_deletion=True)
    assert is_wanted(wanted(subscription(criteria)), deleted) is expected


def test_every_filter_is_a_search_parameter() -> None:
    for topic in TOPICS.values():
        for type_, names in topic.filters.items():
            assert set(names) - {TRIGGER} <= set(TYPES[type_].params)
        assert topic.title
        assert topic.description
