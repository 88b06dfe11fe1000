"""Resources to FHIR XML and back: nothing is lost, and HL7's order is kept."""

import importlib
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from lxml import etree

from core.errors import Incorrect
from core.json_text import dumps, loads
from fhir.search.registry import TYPES
from fhir.xml.elements import elements
from fhir.xml.reader import from_xml
from fhir.xml.writer import to_xml
from tests.conformance.definitions import definitions
from tests.fhir.xml.generated import OTHERS, resources

GOLDEN = sorted((Path(__file__).parents[1] / "golden").glob("*.json"))
# What R4B has dropped, and what the package of definitions has added to R4.
NOT_IN_R4B = {"Extension": {"valueMeta"}, "Binary": {"url"}}
NS = "{http://hl7.org/fhir}"
PATIENT: dict[str, Any] = {
    "resourceType": "Patient",
    "id": "p1",
    "active": True,
    "_birthDate": {"id": "b", "extension": [{"url": "http://a.test/t", "valueTime": "12:00:00"}]},
    "birthDate": "1958-07",
    "name": [
        {
            "id": "n1",
            "given": ["Jana", None, 'a<b>&"c"\n'],
            "_given": [None, {"extension": [{"url": "u", "valueCode": "masked"}]}, None],
        }
    ],
    "contained": [{"resourceType": "Organization", "id": "o", "name": "Ústí"}],
    "multipleBirthInteger": 2,
    "deceasedDateTime": "2026-03-01T12:00:00.120+05:30",
    "text": {
        "status": "generated",
        "div": '<div xmlns="http://www.w3.org/1999/xhtml"><p class="a">1 &lt; 2<br/></p></div>',
    },
}


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_our_documents_come_back_the_same(path: Path) -> None:
    document = path.read_bytes()
    for pretty in (False, True):
        again = from_xml(to_xml(document, pretty=pretty))
        assert dumps(again, sort_keys=True) == dumps(loads(document), sort_keys=True)


@given(resources())
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_resource_comes_back_the_same(resource: dict[str, Any]) -> None:
    again = from_xml(to_xml(resource))
    assert dumps(again, sort_keys=True) == dumps(resource, sort_keys=True)


def test_every_feature_of_one_patient() -> None:
    document = to_xml(PATIENT)
    assert from_xml(document) == PATIENT
    root = etree.fromstring(document)
    assert root.tag == f"{NS}Patient"
    assert [etree.QName(child).localname for child in root] == [
        "id", "text", "contained", "active", "name", "birthDate", "deceasedDateTime",
        "multipleBirthInteger",
    ]  # fmt: skip
    born = root.find(f"{NS}birthDate")
    assert born is not None
    assert dict(born.attrib) == {"value": "1958-07", "id": "b"}
    extension = born.find(f"{NS}extension")
    assert extension is not None
    assert extension.get("url") == "http://a.test/t"
    assert root.find(f"{NS}contained/{NS}Organization/{NS}name") is not None
    assert (
        b'<div xmlns="http://www.w3.org/1999/xhtml"><p class="a">1 &lt; 2<br/></p></div>'
        in document
    )


@pytest.mark.parametrize(
    "digits", ["60.10", "4", "4.0", "0.000", "-0", "1E-7", "123456789012345678901", "1.50E+3"]
)
def test_decimals_keep_their_digits(digits: str) -> None:
    json = b'{"resourceType":"Observation","valueQuantity":{"value":%s}}' % digits.encode()
    document = to_xml(json)
    assert f'<value value="{digits}"/>'.encode() in document
    assert dumps(from_xml(document)) == json


def test_decimals_of_other_writers() -> None:
    for literal, value in {
        "1e3": Decimal("1E+3"),
        "-0.0": Decimal("-0.0"),
        "07": None,
        "+1": None,
        "NaN": None,
        ".5": None,
        "1_0": None,
        "": None,
        " 1": None,
    }.items():
        document = (
            f'<Observation xmlns="http://hl7.org/fhir"><valueQuantity><value value="{literal}"/>'
            "</valueQuantity></Observation>"
        ).encode()
        if value is None:
            with pytest.raises(Incorrect, match=r"Observation\.valueQuantity\.value \(line 1\)"):
                from_xml(document)
        else:
            assert str(from_xml(document)["valueQuantity"]["value"]) == str(value)


@pytest.mark.parametrize(
    "type_", [*TYPES, *OTHERS, "OperationOutcome", "Extension", "Dosage", "Timing"]
)
def test_the_order_is_that_of_hl7(type_: str) -> None:
    """The library's elements against HL7's R4 definitions; choices count as one."""
    declared = definitions()["elements"][type_]["children"]
    ours = [element.name for element in elements(type_)]
    places = []
    for name, definition in declared.items():
        stem = name.removesuffix("[x]")
        names = (
            {stem + t[0].upper() + t[1:] for t in definition["types"]} if stem != name else {name}
        )
        names -= NOT_IN_R4B.get(type_, set())
        if not names:
            continue
        assert names <= set(ours), name
        found = [ours.index(n) for n in names]
        places.append((min(found), max(found)))
    assert all(before[1] < after[0] for before, after in pairwise(places))


def test_the_library_reads_what_we_write() -> None:
    for path in GOLDEN:
        document = orjson.loads(path.read_bytes())
        module = importlib.import_module(f"fhir.resources.R4B.{document['resourceType'].lower()}")
        model = getattr(module, document["resourceType"])
        read = model.model_validate_xml(to_xml(path.read_bytes()))
        # It gives a narrative back with character references where there were letters.
        assert _less_text(read) == _less_text(model.model_validate(document)), path.stem


def _less_text(model: Any) -> Any:
    return model.model_copy(update={"text": None})
