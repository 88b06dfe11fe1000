"""XML that is hostile, broken, or no FHIR: always Incorrect, with its place, and soon."""

import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import Incorrect
from fhir.values import Json
from fhir.xml.names import MAX_DEPTH
from fhir.xml.reader import from_xml
from fhir.xml.writer import to_xml

OPEN = '<Patient xmlns="http://hl7.org/fhir"'
WRONG = {
    "": r"not XML: .* \(line 1",
    "<": r"not XML: .* \(line 1",
    "<Patient/>": "'Patient' is not of the namespace http://hl7.org/fhir",
    f"{OPEN.replace('Patient', 'Unicorn')}/>": r"Unicorn \(line 1\): there is no type 'Unicorn'",
    f"{OPEN.replace('Patient', 'HumanName')}/>": "'HumanName' is no resource type",
    f"{OPEN.replace('Patient', 'DomainResource')}/>": "is no resource type",
    f"{OPEN} id='p'/>": "a resource has no attributes",
    f"{OPEN}>\n<x/></Patient>": r"Patient \(line 2\): unknown element 'x'",
    f"{OPEN}>words</Patient>": "text has no place here",
    f"{OPEN}><active value='yes'/></Patient>": r"Patient.active \(line 1\): 'yes' is no boolean",
    f"{OPEN}><active/></Patient>": "must not be empty",
    f"{OPEN}><active value='true'/><active value='true'/></Patient>": "active is given twice",
    f"{OPEN}><gender value=''/></Patient>": "a value must not be empty",
    f"{OPEN}><gender value='male'>x</gender></Patient>": "text has no place here",
    f"{OPEN}><gender wert='male'/></Patient>": "unknown attribute 'wert'",
    f"{OPEN}><gender xmlns:a='urn:a' a:b='c' value='male'/></Patient>": "unknown attribute 'b'",
    f"{OPEN}><name/></Patient>": "must not be empty",
    f"{OPEN}><name><given/></name></Patient>": r"name\[0\].given\[0\] \(line 1\)",
    f"{OPEN}><name value='a'/></Patient>": "unknown attribute 'value'",
    f"{OPEN}><multipleBirthInteger value='2.5'/></Patient>": "'2.5' is no integer",
    f"{OPEN}><contained/></Patient>": "one resource is expected",
    f"{OPEN}><contained><Basic/><Basic/></contained></Patient>": "one resource is expected",
    f"{OPEN}><contained><Coding/></contained></Patient>": "'Coding' is no resource type",
    f"{OPEN}><text><status value='empty'/><div>a</div></text></Patient>": "must be an XHTML div",
    f"{OPEN}><extension><url value='u'/></extension></Patient>": "unknown element 'url'",
    f"{OPEN}>&nbsp;</Patient>": "not XML",
    f"{OPEN}/><Patient/>": "not XML",
    f"{OPEN}><active value='true'></Patient>": "not XML",
}
BOMB = (
    "<!DOCTYPE x [<!ENTITY a 'aaaaaaaaaa'>"
    + "".join(
        f"<!ENTITY {b} '{f'&{a};' * 10}'>" for a, b in zip("abcdefghij", "bcdefghijk", strict=True)
    )
    + f"]>{OPEN}><gender value='&k;'/></Patient>"
)
EXTERNAL = (
    "<!DOCTYPE x [<!ENTITY e SYSTEM 'file://%s'>]>" + f"{OPEN}><gender value='&e;'/></Patient>"
)


@pytest.mark.parametrize(("document", "told"), WRONG.items(), ids=range(len(WRONG)))
def test_what_is_wrong_and_where(document: str, told: str) -> None:
    with pytest.raises(Incorrect, match=told):
        from_xml(document.encode())


def test_no_document_type_and_no_entities(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("secret")
    external = EXTERNAL % (tmp_path / "secret")
    began = time.monotonic()
    remote = f"<!DOCTYPE Patient SYSTEM 'http://127.0.0.1:1/x'>{OPEN}/>"
    parameter = f"<!DOCTYPE Patient [<!ENTITY % p SYSTEM 'file:///x'> %p;]>{OPEN}/>"
    for document in (BOMB, external, remote, parameter):
        with pytest.raises(Incorrect, match="document type") as refused:
            from_xml(document.encode())
        assert "secret" not in str(refused.value)
        for codec in ("utf-16", "utf-16-le", "utf-32"):
            with pytest.raises(Incorrect):
                from_xml(document.encode(codec))
    assert time.monotonic() - began < 10


def test_another_encoding_is_not_believed() -> None:
    declared = f"<?xml version='1.0' encoding='iso-8859-1'?>{OPEN}><gender value='ž'/></Patient>"
    assert from_xml(declared.encode())["gender"] == "ž"
    with pytest.raises(Incorrect, match="not UTF-8: byte"):
        from_xml(f"{OPEN}><gender value='é'/></Patient>".encode("latin-1"))


def _nested(depth: int) -> str:
    inside = "<valueCode value='a'/>"
    for _ in range(depth):
        inside = f"<extension url='u'>{inside}</extension>"
    return f"{OPEN}>{inside}</Patient>"


def test_depth_is_bounded_both_ways() -> None:
    shallow = from_xml(_nested(20).encode())
    assert from_xml(to_xml(shallow)) == shallow
    for depth in (MAX_DEPTH, 200, 10_000):
        with pytest.raises(Incorrect, match=r"deep|not XML"):
            from_xml(_nested(depth).encode())
    deep: Json = {"url": "u"}
    for _ in range(10_000):
        deep = {"url": "u", "extension": [deep]}
    with pytest.raises(Incorrect, match="deep"):
        to_xml({"resourceType": "Patient", "extension": [deep]})


def test_comments_and_schema_locations_say_nothing() -> None:
    document = (
        f"{OPEN} xmlns:xsi='http://www.w3.org/2001/XMLSchema-instance'"
        " xsi:schemaLocation='http://hl7.org/fhir x.xsd'><!-- a --><?b c?>"
        "<gender value='male'/><text><status value='empty'/>"
        "<h:div xmlns:h='http://www.w3.org/1999/xhtml'>a</h:div></text></Patient>"
    )
    assert from_xml(document.encode()) == {
        "resourceType": "Patient",
        "gender": "male",
        "text": {
            "status": "empty",
            "div": '<h:div xmlns:h="http://www.w3.org/1999/xhtml">a</h:div>',
        },
    }


NO_XML: list[Json] = [
    {},
    {"resourceType": 1},
    {"resourceType": "Unicorn"},
    {"resourceType": "Patient", "x": 1},
    {"resourceType": "Patient", "_name": [{}]},
    {"resourceType": "Patient", "name": {}},
    {"resourceType": "Patient", "name": ["a"]},
    {"resourceType": "Patient", "name": [None]},
    {"resourceType": "Patient", "active": "true"},
    {"resourceType": "Patient", "multipleBirthInteger": True},
    {"resourceType": "Patient", "gender": 1},
    {"resourceType": "Patient", "_gender": 1},
    {"resourceType": "Patient", "text": {"status": "empty", "div": 1}},
    {"resourceType": "Patient", "extension": [{"url": 1}]},
    {"resourceType": "Patient", "contained": [{"id": "a"}]},
]


@pytest.mark.parametrize("plain", NO_XML, ids=str)
def test_what_has_no_xml(plain: Json) -> None:
    with pytest.raises(Incorrect):
        to_xml(plain)


NO_XHTML = [
    "", "a < b", "<div>no namespace</div>", "<p/>", "a\x00b",
    "<!DOCTYPE x><div xmlns='http://www.w3.org/1999/xhtml'/>",
]  # fmt: skip


@pytest.mark.parametrize("div", NO_XHTML)
def test_a_narrative_that_is_no_xhtml_is_shown_as_text(div: str) -> None:
    document = to_xml({"resourceType": "Patient", "text": {"status": "empty", "div": div}})
    shown = from_xml(document)["text"]["div"]
    assert shown.startswith('<div xmlns="http://www.w3.org/1999/xhtml"><pre')


def test_characters_that_xml_has_not() -> None:
    document = to_xml({"resourceType": "Patient", "gender": "a\x00\x1b\ufffeb"})
    assert from_xml(document)["gender"] == "a\ufffd\ufffd\ufffdb"


@given(
    st.binary(max_size=200)
    | st.text(alphabet="<>/'\"=&;!-[] Patientvlu", max_size=80).map(str.encode)
)
def test_noise_is_refused_and_nothing_else(noise: bytes) -> None:
    for document in (noise, OPEN.encode() + noise, OPEN.encode() + b">" + noise + b"</Patient>"):
        try:
            from_xml(document)
        except Incorrect:
            continue
