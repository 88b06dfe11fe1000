"""Patients as strangers send them."""

from typing import Any

import pytest

from core.errors import Incorrect
from fhir.mapping.patient import identifiers, patient
from tests.conformance.checker import conformant

IDENTIFIER = {"system": "https://hospital.example/mrn", "value": "4711"}


def sent(**more: Any) -> dict[str, Any]:
    return {"resourceType": "Patient", "identifier": [IDENTIFIER], **more}


def test_what_was_sent_is_kept_as_it_was_written() -> None:
    contact = {"name": {"family": "Novák"}, "telecom": [{"system": "phone", "value": "1"}]}
    extension = [{"url": "https://hospital.example/weight", "valueDecimal": 60.10}]
    whole = sent(
        birthDate="1958-07",
        gender="female",
        name=[{"given": ["Jana"], "family": "Nováková", "use": "official"}],
        contact=[contact],
        extension=extension,
    )
    made = patient(whole)
    conformant(made)
    assert {name: made[name] for name in whole} == whole


def test_the_id_follows_from_the_first_identifier() -> None:
    other = {"system": "https://other.example", "value": "1"}
    assert patient(sent())["id"] == patient(sent(birthDate="1958"))["id"]
    assert patient(sent())["id"] != patient(sent(identifier=[other, IDENTIFIER]))["id"]
    assert identifiers(sent(identifier=[other, {"value": "x"}, IDENTIFIER])) == [
        ("https://other.example", "1"),
        ("https://hospital.example/mrn", "4711"),
    ]


def test_id_version_and_narrative_of_strangers_are_not_taken() -> None:
    div = '<div xmlns="http://www.w3.org/1999/xhtml"><script>alert(1)</script></div>'
    made = patient(
        sent(id="mine", meta={"versionId": "9"}, text={"status": "generated", "div": div})
    )
    assert made["id"] != "mine"
    assert "meta" not in made
    assert "script" not in made["text"]["div"]


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ([{"text": "Jana <b>"}], "Patient Jana &lt;b&gt;"),
        ([{"use": "temp"}, {"given": ["Jana"]}], "Patient Jana"),
        ([], "Patient 4711"),
    ],
)
def test_the_narrative_names_the_patient(name: list[Any], shown: str) -> None:
    assert shown in patient(sent(**({"name": name} if name else {})))["text"]["div"]


@pytest.mark.parametrize(
    ("resource", "said"),
    [
        ({"resourceType": "Person", "identifier": [IDENTIFIER]}, "must be Patient"),
        ({"resourceType": "Patient"}, "system and value are required"),
        ({"resourceType": "Patient", "identifier": [{"value": "1"}]}, "system and value"),
        (sent(colour="red"), "colour"),
        (sent(birthDate="1958-13-01"), "birthDate"),
        (sent(gender="f"), "Patient.gender: 'f' is not one of female, male"),
        (sent(name=[{"use": "stage", "family": "X"}]), "Patient.name.use"),
        (sent(telecom=[{"value": "1"}]), "cpt-2"),
        (sent(contact=[{"gender": "male"}]), "pat-1"),
        (sent(deceasedBoolean=True, deceasedDateTime="2026"), "deceased"),
        (sent(name="Jana"), "name"),
        (sent(name=["Jana"]), "name"),
    ],
)
def test_what_is_wrong_is_refused_by_name(resource: dict[str, Any], said: str) -> None:
    with pytest.raises(Incorrect, match=said):
        patient(resource)


def test_a_long_list_of_mistakes_is_cut_short() -> None:
    with pytest.raises(Incorrect, match=r"\.\.\.$"):
        patient(sent(**{f"wrong{number}": 1 for number in range(9)}))
