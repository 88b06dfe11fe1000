"""Input of operations, from a Parameters resource and from a URL."""

from typing import Any

import pytest

from core.errors import Incorrect
from fhir.parameters import CODE, MAX_PARAMETERS, RESOURCE, URI, from_body, from_query

FORMS = {"resource": RESOURCE, "mode": CODE, "profile": URI}
PATIENT = {"resourceType": "Patient"}
BAD: tuple[Any, ...] = (
    {},
    [{}],
    ["mode"],
    [{"name": 1}],
    [{"name": "mode"}],
    [{"name": "mode", "valueCode": "a", "valueString": "a"}],
    [{"name": "mode", "valueInteger": 1}],
    [{"name": "mode", "valueCode": 1}],
    [{"name": "mode", "valueCode": "a"}] * 2,
    [{"name": "resource", "resource": "Patient"}],
    [{"name": "colour", "valueCode": "red"}],
    [{"name": f"p{n}", "valueCode": "a"} for n in range(MAX_PARAMETERS + 1)],
)


def test_values_by_name() -> None:
    sent = [{"name": "resource", "resource": PATIENT}, {"name": "mode", "valueCode": "create"}]
    assert from_body({"parameter": sent}, FORMS) == {"resource": PATIENT, "mode": "create"}
    assert from_body({}, FORMS) == {}
    assert from_query([("profile", "http://a")], FORMS) == {"profile": "http://a"}


@pytest.mark.parametrize("sent", BAD)
def test_anything_else_is_refused(sent: Any) -> None:
    with pytest.raises(Incorrect):
        from_body({"parameter": sent}, FORMS)


@pytest.mark.parametrize("pairs", [[("resource", "x")], [("mode", "a"), ("mode", "b")]])
def test_so_it_is_in_a_url(pairs: list[tuple[str, str]]) -> None:
    with pytest.raises(Incorrect):
        from_query(pairs, FORMS)
