import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhir.media import Form, named, wanted

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8"
ACCEPTED = {
    None: Form.JSON,
    "": Form.JSON,
    "*/*": Form.JSON,
    "application/*": Form.JSON,
    "application/fhir+json": Form.JSON,
    "application/fhir+xml": Form.XML,
    "Application/XML": Form.XML,
    "text/xml; charset=UTF-8": Form.XML,
    'application/fhir+xml; fhirVersion="4.0"': Form.XML,
    "application/fhir+xml;q=0.9, application/fhir+json": Form.JSON,
    "application/fhir+json;q=0.9, application/fhir+xml": Form.XML,
    "application/fhir+xml, application/fhir+json": Form.XML,
    "application/json, application/xml": Form.JSON,
    "application/fhir+xml, */*": Form.XML,
    "application/fhir+xml;q=0.5, */*": Form.JSON,
    "*/*;q=0.1, application/fhir+xml;q=0.2": Form.XML,
    "application/fhir+json;q=0, */*": Form.XML,
    "application/json;q=0, application/*": Form.XML,
    "application/fhir+json;q=0.1, application/xml;q=0.1, application/fhir+json;q=0.7": Form.JSON,
    "application/fhir+xml;q=nonsense": Form.XML,
    BROWSER: Form.JSON,
    "text/html, application/xml": Form.XML,
    "text/html": None,
    "text/turtle, image/*": None,
    "application/fhir+json;q=0": None,
    "*/*;q=0": None,
    "application/fhir+json; fhirVersion=3.0": None,
    "application/fhir+json; charset=iso-8859-1": None,
    "*/*; charset=utf-16": None,
}


@pytest.mark.parametrize(("accept", "form"), ACCEPTED.items(), ids=str)
def test_accept(accept: str | None, form: Form | None) -> None:
    assert wanted(accept, None) is form


def test_format_counts_before_accept() -> None:
    for value in ("xml", "text/xml", "application/xml", "application/fhir+xml",
                  "application/fhir xml", "application/fhir+xml; fhirVersion=4.0"):  # fmt: skip
        assert wanted("application/fhir+json", value) is Form.XML
    for value in ("json", "text/json", "application/fhir+json", "*/*"):
        assert wanted("application/fhir+xml", value) is Form.JSON
    for value in ("", "html", "ttl", "xml; fhirVersion=5.0", "json,xml"):
        assert wanted("application/fhir+json", value) is None


@given(st.text(max_size=60) | st.text("application/fhir+jsonxml*;q=0.15, ", max_size=60))
def test_nothing_breaks_it(value: str) -> None:
    assert named(value) in (None, *Form)
    assert wanted(value, None) in (None, *Form)
    assert wanted(None, value) in (None, *Form)
