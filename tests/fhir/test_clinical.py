"""Which elements of evidence are the clinician's."""

from typing import Any

import pytest

from core.errors import Invalid
from fhir.clinical import STATUSES, annotated
from fhir.mapping.beats import beats
from fhir.mapping.device import algorithm
from fhir.mapping.quality import quality
from fhir.values import Json
from tests.fhir.samples import READABLE, WORN

BEATS = beats(READABLE, WORN)
QUALITY = quality(READABLE, WORN)
FLAG: Json = {
    "resourceType": "Flag",
    "id": "f",
    "status": "active",
    "code": {"text": "tachycardia"},
    "period": {"start": "2026-03-01"},
}


def told(stored: Json, *known: str, **change: Any) -> tuple[Json, tuple[str, ...]]:
    return annotated(stored, stored, stored | change, known)


def test_what_is_theirs() -> None:
    note = [{"text": "seen"}]
    body, names = told(BEATS, status="final", note=note)
    assert body == BEATS | {"status": "final", "note": note}
    assert names == ("note", "status")
    assert told(BEATS, "note", text={"status": "empty"}) == (BEATS, ("note",))
    interpreted = [{"text": "poor"}]
    assert told(QUALITY, interpretation=interpreted)[1] == ("interpretation",)
    _, again = told(QUALITY | {"interpretation": interpreted}, "interpretation", interpretation=[])
    assert again == ("interpretation",)
    body, names = told(FLAG, period={"start": "2026-03-01", "end": "2026-03-02"})
    assert names == ("period.end",)
    assert body["period"]["end"] == "2026-03-02"


@pytest.mark.parametrize(
    ("stored", "change", "named"),
    [
        (QUALITY, {"valueQuantity": {"value": 1}}, "Observation.valueQuantity"),
        (QUALITY, {"_code": {"id": "x"}}, "Observation.code"),
        (QUALITY, {"component": []}, "Observation.component"),
        (QUALITY, {"meta": {"profile": ["urn:x"]}}, "Observation.meta"),
        (BEATS, {"interpretation": []}, "Observation.interpretation"),
        (BEATS, {"performer": [], "subject": {}}, "Observation.subject"),
        (FLAG, {"period": {"start": "2026-03-02"}}, "Flag.period"),
        (FLAG, {"code": {"text": "another"}}, "Flag.code"),
        (algorithm("1", "m"), {"status": "inactive"}, "Device.status"),
    ],
)
def test_what_is_not(stored: Json, change: Json, named: str) -> None:
    with pytest.raises(Invalid, match=named):
        told(stored, **change)


def test_elements_cannot_be_left_out() -> None:
    with pytest.raises(Invalid, match=r"Observation\.device"):
        annotated(BEATS, BEATS, {k: v for k, v in BEATS.items() if k != "device"}, ())


@pytest.mark.parametrize("after", ["preliminary", "registered", "cancelled", None, 5])
def test_statuses_that_lead_nowhere(after: Any) -> None:
    with pytest.raises(Invalid, match=r"Observation\.status"):
        told(QUALITY, status=after)
    with pytest.raises(Invalid, match="no further"):
        told(QUALITY | {"status": "entered-in-error"}, status=after)


def test_every_status_leads_to_an_error_and_none_away_from_one() -> None:
    for ways in STATUSES.values():
        assert "entered-in-error" not in ways
        assert all("entered-in-error" in after for after in ways.values())
