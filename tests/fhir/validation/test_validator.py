"""Defects that a stranger's resource may have, each found where it is."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from core import json_text
from fhir.outcome import findings, outcome
from fhir.validation import Rejected, Severity, checked, issues
from fhir.validation.references import MAX_CONTAINED
from fhir.validation.validator import MAX_ISSUES
from fhir.values import Json
from tests.conformance.checker import conformant
from tests.conformance.test_checker import heart_rate, put, strip

NARRATIVE = {"status": "generated", "div": '<div xmlns="http://www.w3.org/1999/xhtml">x</div>'}
EXTENSION = {"url": "http://example.org/x", "valueString": "a"}


def patient(**more: Any) -> Json:
    return {"resourceType": "Patient", "id": "p", "text": NARRATIVE} | more


def subscription(**more: Any) -> Json:
    return {
        "resourceType": "Subscription",
        "text": NARRATIVE,
        "status": "requested",
        "reason": "alerts",
        "criteria": "http://example.org/topic",
        "channel": {"type": "rest-hook", "endpoint": "https://example.org/hook"},
    } | more


def organization(id_: str, **more: Any) -> Json:
    return {"resourceType": "Organization", "id": id_, "name": "Ward"} | more


GENERAL = {"reference": "#o"}
PATIENTS: dict[str, tuple[Json, str]] = {
    "a gender of one's own": ({"gender": "x"}, "Patient.gender"),
    "no real day": ({"birthDate": "2026-02-30"}, "Patient.birthDate"),
    "a time for a day": ({"birthDate": "2026-02-03T12:00:00Z"}, "Patient.birthDate"),
    "no array": ({"name": {"family": "a"}}, "Patient.name"),
    "an array": ({"gender": ["male"]}, "Patient.gender"),
    "an empty array": ({"name": []}, "Patient.name"),
    "an empty object": ({"name": [{}]}, "Patient.name[0]"),
    "null": ({"name": [None]}, "Patient.name[0]"),
    "a null name": ({"name": [{"given": ["a", None]}]}, "Patient.name[0].given[1]"),
    "an empty string": ({"name": [{"family": ""}]}, "Patient.name[0].family"),
    "blanks": ({"name": [{"family": " "}]}, "Patient.name[0].family"),
    "a control character": ({"name": [{"family": "a\x00"}]}, "Patient.name[0].family"),
    "half a character": ({"name": [{"family": "\ud800"}]}, "Patient.name[0].family"),
    "a number": ({"name": [{"family": 1}]}, "Patient.name[0].family"),
    "a boolean as a word": ({"active": "true"}, "Patient.active"),
    "two choices": ({"deceasedBoolean": True, "deceasedDateTime": "2026"}, "Patient"),
    "two choices, one empty": (
        {"deceasedBoolean": True, "_deceasedDateTime": {"extension": [EXTENSION]}},
        "Patient",
    ),
    "an unknown element": ({"colour": "red"}, "Patient"),
    "an unknown sibling": ({"_name": {"extension": [EXTENSION]}}, "Patient"),
    "an extended id": ({"_id": {"extension": [EXTENSION]}}, "Patient"),
    "siblings of another number": (
        {"name": [{"given": ["a", "b"], "_given": [{"extension": [EXTENSION]}]}]},
        "Patient.name[0]._given",
    ),
    "a bad id": ({"id": "a b"}, "Patient.id"),
    "a blank in a uri": ({"identifier": [{"system": "a b"}]}, "Patient.identifier[0].system"),
    "an active url": (
        {"photo": [{"contentType": "a/b", "url": "JavaScript:alert(1)"}]},
        "Patient.photo[0].url",
    ),
    "no base64": ({"photo": [{"contentType": "a/b", "data": "?"}]}, "Patient.photo[0].data"),
    "att-1": ({"photo": [{"data": "AAAA"}]}, "Patient.photo[0]"),
    "cpt-2": ({"telecom": [{"value": "1"}]}, "Patient.telecom[0]"),
    "pat-1": ({"contact": [{"gender": "male"}]}, "Patient.contact[0]"),
    "per-1": ({"name": [{"period": {"start": "2026", "end": "2025"}}]}, "Patient.name[0].period"),
    "ext-1, none": ({"extension": [{"url": "http://example.org/x"}]}, "Patient.extension[0]"),
    "ext-1, both": (
        {"extension": [EXTENSION | {"extension": [EXTENSION]}]},
        "Patient.extension[0]",
    ),
    "no url": ({"extension": [{"valueString": "a"}]}, "Patient.extension[0]"),
    "R4B's": (
        {"extension": [{"url": "http://example.org/x", "valueRatioRange": {}}]},
        "Patient.extension[0]",
    ),
    "a wrong target": (
        {"managingOrganization": {"reference": "Patient/1"}},
        "Patient.managingOrganization",
    ),
    "a wrong stated type": (
        {"managingOrganization": {"display": "x", "type": "Patient"}},
        "Patient.managingOrganization",
    ),
    "two types": (
        {"generalPractitioner": [{"reference": "Organization/1", "type": "Practitioner"}]},
        "Patient.generalPractitioner[0]",
    ),
    "no reference": (
        {"managingOrganization": {"reference": "the ward"}},
        "Patient.managingOrganization",
    ),
    "an active reference": (
        {"managingOrganization": {"reference": "javascript:x/Organization/1"}},
        "Patient.managingOrganization",
    ),
    "ref-1": ({"managingOrganization": GENERAL}, "Patient.managingOrganization"),
    "dom-3": ({"contained": [organization("o")]}, "Patient.contained[0]"),
    "dom-3, only itself": (
        {"contained": [organization("o", partOf=GENERAL)]},
        "Patient.contained[0]",
    ),
    "dom-2": (
        {"contained": [organization("o", contained=[organization("q")])]},
        "Patient.contained[0]",
    ),
    "dom-4": (
        {
            "contained": [organization("o", meta={"versionId": "1"})],
            "managingOrganization": GENERAL,
        },
        "Patient.contained[0]",
    ),
    "dom-5": (
        {
            "contained": [organization("o", meta={"security": [{"code": "R"}]})],
            "managingOrganization": GENERAL,
        },
        "Patient.contained[0]",
    ),
    "contained twice": (
        {"contained": [organization("o")] * 2, "managingOrganization": GENERAL},
        "Patient.contained",
    ),
    "contained too often": (
        {
            "contained": [organization(f"o{n}") for n in range(MAX_CONTAINED + 1)],
            "generalPractitioner": [{"reference": f"#o{n}"} for n in range(MAX_CONTAINED + 1)],
        },
        "Patient.contained",
    ),
    "contained without an id": (
        {"contained": [{"resourceType": "Organization"}]},
        "Patient.contained[0]",
    ),
    "contained of an unknown type": (
        {"contained": [{"resourceType": ["Basic"], "id": "x"}]},
        "Patient.contained[0]",
    ),
    "a script": (
        {"text": {"status": "generated", "div": NARRATIVE["div"].replace("x<", "<script/>x<")}},
        "Patient.text.div",
    ),
    "implicit rules": ({"implicitRules": "http://example.org/x"}, "Patient.implicitRules"),
}


@pytest.mark.parametrize(("change", "expression"), PATIENTS.values(), ids=PATIENTS)
def test_a_patients_defect_is_found_where_it_is(change: Json, expression: str) -> None:
    found = [i for i in issues(patient(**change), "Patient") if i.severity is Severity.ERROR]
    assert expression in {i.expression for i in found}, found
    conformant(findings(found))


Change = Callable[[Json], None]
OBSERVATIONS: dict[str, tuple[Callable[[], Json], Change, str]] = {
    "status": (heart_rate, put("status", "bogus"), "'bogus' is not one of"),
    "obs-6": (heart_rate, put("dataAbsentReason", {"text": "error"}), "obs-6"),
    "obs-7": (
        heart_rate,
        put("component", [{"code": heart_rate()["code"], "valueInteger": 1}]),
        "obs-7",
    ),
    "obs-3": (strip, put("referenceRange", [{"age": {"extension": [EXTENSION]}}]), "obs-3"),
    "vs-1": (heart_rate, put("effectiveDateTime", "2026-03"), "vs-1"),
    "vs-3": (heart_rate, put("component", [{"code": {"text": "nothing"}}]), "vs-3"),
    "unit": (heart_rate, put("valueQuantity.code", "bpm"), "'bpm' is not a UCUM code"),
    "another unit": (heart_rate, put("valueQuantity.code", "mV"), "needs the unit /min"),
    "unit of samples": (strip, put("valueSampledData.origin.code", "bpm"), "not a UCUM code"),
    "subject": (heart_rate, put("subject.reference", "Practitioner/1"), "is not one of Device"),
    "subject of a vital sign": (heart_rate, put("subject.reference", "Device/1"), "a Patient"),
    "no category": (heart_rate, put("category", [{"text": "x"}]), "category vital-signs"),
    "another code": (heart_rate, put("code", {"text": "x"}), "8867-4"),
    "tokens": (strip, put("valueSampledData.data", "1 2 X foo"), "E, U or L"),
    "double space": (strip, put("valueSampledData.data", "1  2 3 4"), "single spaces"),
    "seconds too many": (strip, put("valueSampledData.period", 1000), "do not span"),
    "too few": (strip, put("valueSampledData.data", "1 2"), "do not span"),
    "half a frame": (strip, put("valueSampledData.dimensions", 3), "do not fill"),
    "no progress": (strip, put("valueSampledData.period", 0), "period must be positive"),
    "open end": (strip, put("effectivePeriod", {"start": "2026"}), "first and the last"),
    "huge number": (strip, put("valueSampledData.factor", Decimal("1e999")), "sensible size"),
    "R5": (strip, put("valueSampledData.interval", 8), "no element 'interval'"),
}


@pytest.mark.parametrize(("make", "change", "said"), OBSERVATIONS.values(), ids=OBSERVATIONS)
def test_an_observations_defect_is_named(
    make: Callable[[], Json], change: Change, said: str
) -> None:
    resource = make()
    change(resource)
    found = [i.text for i in issues(resource, "Observation") if i.severity is Severity.ERROR]
    assert any(said in text for text in found), found


def test_good_ones_pass_with_their_decimals_as_written() -> None:
    written = json_text.dumps(heart_rate()).replace(b":72,", b":72.50,")
    checked(json_text.loads(written), "Observation")
    checked(strip(), "Observation")
    family = {"given": ["a"], "_given": [{"extension": [EXTENSION]}], "family": "山田\u3000太郎"}
    shown = patient(
        name=[family],
        _birthDate={"extension": [EXTENSION]},
        contained=[organization("o", partOf={"reference": "#o2"}), organization("o2")],
        managingOrganization=GENERAL,
        generalPractitioner=[{"reference": "https://example.org/fhir/Practitioner/1"}],
        link=[{"other": {"reference": "urn:uuid:" + "0" * 8 + "-0000-0000-0000-" + "0" * 12},
               "type": "seealso"}],
    )  # fmt: skip
    assert issues(shown, "Patient") == ()
    conformant(shown)


def test_the_type_must_be_the_one_that_was_asked() -> None:
    assert [i.text for i in issues(patient(), "Flag")] == ["resourceType must be Flag"]
    assert issues({}, "Flag")


def test_what_is_no_error_does_not_refuse() -> None:
    without = {"resourceType": "Patient", "modifierExtension": [EXTENSION]}
    checked(without, "Patient")
    assert {i.severity for i in issues(without, "Patient")} == {Severity.WARNING}
    bare = {"resourceType": "Patient"}
    assert {i.severity for i in issues(bare, "Patient")} == {Severity.WARNING}
    inside = {**bare, "contained": [bare | {"id": "a"}], "name": [{}]}
    assert "must not be empty" in [i.text for i in issues(inside, "Patient")]


def test_modifiers_are_refused_where_the_service_acts() -> None:
    checked(subscription(), "Subscription")
    with pytest.raises(Rejected, match="modifier"):
        checked(subscription(modifierExtension=[EXTENSION]), "Subscription")


def test_findings_are_all_told_and_bounded() -> None:
    with pytest.raises(Rejected) as refused:
        checked(patient(gender="x", birthDate="x"), "Patient")
    made = outcome(refused.value)
    conformant(made)
    told = [(i["code"], i["expression"]) for i in made["issue"]]
    assert told == [("code-invalid", ["Patient.gender"]), ("value", ["Patient.birthDate"])]
    many = patient(name=[{"use": "x"}] * 200)
    assert len(issues(many, "Patient")) == MAX_ISSUES
    assert findings(())["issue"][0]["severity"] == "information"


def test_what_is_nested_too_deep_is_refused() -> None:
    inner = dict(EXTENSION)
    for _ in range(500):
        inner = {"url": "http://example.org/x", "extension": [inner]}  # type: ignore[dict-item]
    assert [i.code for i in issues(patient(extension=[inner]), "Patient")] == ["too-long"]


def test_profiles_of_ours_are_checked() -> None:
    url = "https://hisbundle.org/fhir/StructureDefinition/ecg-strip"
    told = {issue.expression for issue in issues(heart_rate(), "Observation", [url])}
    assert {"Observation.code", "Observation.component"} <= told
