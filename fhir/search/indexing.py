"""From a resource to what it is found by, by its type's declaration."""

from collections.abc import Iterator
from typing import Any

from fhir.search import values as extract
from fhir.search.params import ResourceType
from fhir.search.registry import TYPES
from store.index import NO_DATE, Index, Token
from store.resources import Draft

Json = dict[str, Any]


def index(body: Json) -> Index:
    """What a resource is found by, by its type's declaration."""
    kind = TYPES[body["resourceType"]]
    found = kind.date.dates(body) if kind.date and kind.date.dates else None
    at, until = found or (NO_DATE, None)
    return Index(_patient_id(kind, body), at, until, tuple(_tokens(kind, body)))


def draft(body: Json, render: Json | None = None) -> Draft:
    """A resource ready to be stored; it carries its ``id``, and no version."""
    return Draft(body["resourceType"], body["id"], body, index(body), render)


def _tokens(kind: ResourceType, body: Json) -> Iterator[Token]:
    for param in kind.params.values():
        if param.values:
            for system, code in param.values(body):
                yield Token(param.name, code, system, param.leads)


def _patient_id(kind: ResourceType, body: Json) -> str | None:
    if kind.patient is None:
        return None
    if kind.patient == "id":
        return str(body["id"])
    for reference in extract.elements(body, f"{kind.patient}.reference"):
        target, _, name = str(reference).rpartition("/")
        if target == "Patient":
            return name
    return None
