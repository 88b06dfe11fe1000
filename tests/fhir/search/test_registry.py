from datetime import UTC, datetime

import pytest

from core.errors import Incorrect
from fhir.codes import ECG_POTENTIAL, EKG_STUDY, HEART_RATE, concept
from fhir.search.indexing import draft, index
from fhir.search.params import Kind
from fhir.search.registry import TYPES
from fhir.values import Json
from store.index import FOREVER, NO_DATE, Concept, Index, Token, Wording

OID = "urn:oid:2.16.840.1.113883.6.24"
OBSERVATION: Json = {
    "resourceType": "Observation",
    "id": "o",
    "identifier": [{"system": "urn:x", "value": "1"}, {"system": "urn:y"}],
    "status": "final",
    "code": concept(ECG_POTENTIAL, EKG_STUDY),
    "subject": {"reference": "Patient/p"},
    "device": {"reference": "Device/d"},
    "effectivePeriod": {"start": "2026-03-01T12:00:00.120Z", "end": "2026-03-01T12:00:12Z"},
    "component": [{"code": concept(HEART_RATE)}, {"code": {"text": "uncoded"}}],
}


def test_what_an_observation_is_found_by() -> None:
    assert index(OBSERVATION) == Index(
        patient_id="p",
        at=datetime(2026, 3, 1, 12, 0, 0, 120_000, tzinfo=UTC),
        until=datetime(2026, 3, 1, 12, 0, 13, tzinfo=UTC),
        tokens=(
            Token("identifier", "1", "urn:x"),
            Token("code", "131328", "urn:iso:std:iso:11073:10101"),
            Token("code", "11524-6", "http://loinc.org"),
            Token("component-code", "8867-4", "http://loinc.org", leads=False),
            Token("combo-code", "131328", "urn:iso:std:iso:11073:10101", leads=False),
            Token("combo-code", "11524-6", "http://loinc.org", leads=False),
            Token("status", "final", "http://hl7.org/fhir/observation-status", leads=False),
            Token("device", "Device/d", leads=False),
        ),
        wordings=(
            Wording("code", "mdc_ecg_elec_potl"),
            Wording("code", "ekg study"),
            Wording("component-code", "heart rate"),
            Wording("component-code", "uncoded"),
        ),
        concept=Concept(
            "code", (("11524-6", "http://loinc.org"), ("131328", "urn:iso:std:iso:11073:10101"))
        ),
    )


def test_both_uris_of_mdc_are_one() -> None:
    coded = OBSERVATION | {"code": {"coding": [{"system": OID, "code": "131328"}]}}
    tokens = [token for token in index(coded).tokens if token.param == "code"]
    assert tokens == [Token("code", "131328", "urn:iso:std:iso:11073:10101")]


def test_a_device_as_subject_is_no_patient() -> None:
    found = index(OBSERVATION | {"subject": {"reference": "Device/d"}})
    assert found.patient_id is None
    assert Token("subject", "Device/d") in found.tokens


def test_times() -> None:
    def bounds(**effective: object) -> tuple[datetime, datetime | None]:
        bare = {k: v for k, v in OBSERVATION.items() if k != "effectivePeriod"}
        found = index(bare | effective)
        return found.at, found.until

    assert bounds() == (NO_DATE, None)
    noon = datetime(2026, 3, 1, 12, tzinfo=UTC)
    zoned = bounds(effectiveDateTime="2026-03-01T13:00:00+01:00")
    assert zoned == (noon, noon.replace(second=1))
    assert bounds(effectivePeriod={"start": "2026-03-01T12:00:00Z"}) == (noon, FOREVER)
    month = bounds(effectiveDateTime="2026-12")
    assert month == (datetime(2026, 12, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC))
    assert bounds(effectiveDateTime="9999")[1] == FOREVER
    with pytest.raises(Incorrect):
        bounds(effectiveDateTime="2026-02-30")


def test_the_patient_of_a_patient_is_the_patient() -> None:
    found = index({"resourceType": "Patient", "id": "p", "name": [{"family": "Ö  Türk"}]})
    assert found.patient_id == "p"
    assert Token("name", "o turk", "Ö  Türk") in found.tokens
    assert Token("family", "o turk", "Ö  Türk") in found.tokens


def test_a_draft_keeps_the_body_and_the_rendering() -> None:
    made = draft(OBSERVATION, {"session": 1})
    assert made.key == ("Observation", "o")
    assert made.body is OBSERVATION
    assert made.render == {"session": 1}


@pytest.mark.parametrize("kind", TYPES.values(), ids=list(TYPES))
def test_declarations_are_whole(kind: object) -> None:
    declared = TYPES[str(getattr(kind, "name", ""))]
    assert declared.default_sort.removeprefix("-") in declared.sort_keys
    for param in declared.params.values():
        assert param.documentation.endswith(".")
        assert param.canonical.startswith(("http://hl7.org/", "https://hisbundle.org/"))
        assert (param.dates is not None) == (param.kind is Kind.DATE)
        assert (param.amounts is not None) == (param.kind is Kind.QUANTITY)
        assert (param.kind is Kind.REFERENCE) == bool(param.targets)
        assert all(source in declared.params for source in param.sources)
