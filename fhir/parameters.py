"""The input of an operation: a Parameters resource, or parameters of a URL.

Source: https://hl7.org/fhir/R4/parameters.html and https://hl7.org/fhir/R4/operations.html
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from core.errors import Incorrect
from fhir.values import Json

MAX_PARAMETERS = 64
URI = frozenset({"valueUri", "valueUrl", "valueCanonical", "valueString"})
CODE = frozenset({"valueCode", "valueString"})
RESOURCE = frozenset({"resource"})
Forms = Mapping[str, frozenset[str]]
"""The parameters that an operation takes, and under which names each may carry its value."""
Given = dict[str, Any]
"""Values by the names of parameters, each of which is given once."""


def from_body(body: Json, forms: Forms) -> Given:
    """The parameters in a Parameters resource. Raises Incorrect for what is not taken."""
    return _given((_fitting(*item, forms) for item in named(body)), forms)


def named(body: Json) -> Iterator[tuple[str, str, Any]]:
    """Name, kind (such as ``valueCode``) and value of each. Raises Incorrect for other shapes."""
    sent = body.get("parameter", [])
    if not isinstance(sent, list) or len(sent) > MAX_PARAMETERS:
        raise Incorrect(f"Parameters.parameter is an array of at most {MAX_PARAMETERS}")
    yield from map(_named, sent)


def texts(body: Json) -> Iterator[tuple[str, str]]:
    """Name and value of each, as they would stand in a URL."""
    for name, _, value in named(body):
        if isinstance(value, dict | list) or value is None:
            raise Incorrect(f"{name[:80]}: a single value, as in a URL, please")
        yield name, str(value).lower() if isinstance(value, bool) else str(value)


def from_query(pairs: Iterable[tuple[str, str]], forms: Forms) -> Given:
    """The parameters in a URL. Raises Incorrect for what is not taken."""
    return _given(pairs, {name: kinds for name, kinds in forms.items() if kinds != RESOURCE})


def _given(pairs: Iterable[tuple[str, Any]], forms: Forms) -> Given:
    given: Given = {}
    for name, value in pairs:
        if name not in forms:
            raise Incorrect(f"the operation has no parameter {name[:80]!r}")
        if name in given:
            raise Incorrect(f"{name} is given twice")
        given[name] = value
    return given


def _named(item: Any) -> tuple[str, str, Any]:
    name = item.get("name") if isinstance(item, dict) else None
    if not isinstance(name, str):
        raise Incorrect("each parameter has a name")
    values = [(key, value) for key, value in item.items() if key not in ("name", "id")]
    if len(values) != 1:
        raise Incorrect(f"{name[:80]}: one value, please")
    return name, *values[0]


def _fitting(name: str, kind: str, value: Any, forms: Forms) -> tuple[str, Any]:
    if kind not in forms.get(name, {kind}):
        raise Incorrect(f"{name[:80]}: its value is {' or '.join(sorted(forms[name]))}")
    if not isinstance(value, dict if kind == "resource" else str):
        raise Incorrect(f"{name[:80]}: {kind} is of another form")
    return name, value
