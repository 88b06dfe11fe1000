"""HL7's FHIRPath invariants of severity error, evaluated on every element of a resource."""

from collections.abc import Callable, Iterator
from functools import cache
from types import NoneType
from typing import Any

import fhirpathpy
from fhirpathpy.engine.nodes import ResourceNode
from fhirpathpy.models import models

from tests.conformance.definitions import definitions
from tests.conformance.walk import Json, Node

_CHECKED_ELSEWHERE = {
    "dom-3": "rules.contained (the library casts no collection)",
    "ele-1": "rules.emptiness",
    "per-1": "rules.ordered (the library orders no two precisions)",
    "rng-2": "rules.ordered (quantities are not compared)",
    "txt-1": "rules.narrative (htmlChecks() is not implemented)",
    "txt-2": "rules.narrative (htmlChecks() is not implemented)",
    "ctm-1": "fhir.validation (resolve() is not implemented)",
}


def broken(node: Node) -> Iterator[str]:
    """A message for each invariant that this element breaks."""
    for key, expression in {**_of(node.path), **_of(node.type), **_of_profiles(node)}.items():
        if key not in _CHECKED_ELSEWHERE and not _holds(node, expression):
            yield f"{node.where}: {key}: {expression}"


def _of(path: str) -> dict[str, str]:
    element = definitions()["elements"].get(path)
    return dict(element["invariants"]) if element else {}


def _of_profiles(node: Node) -> dict[str, str]:
    claimed = node.resource.get("meta", {}).get("profile", [])
    profiles: Json = definitions()["profiles"]
    added = [profiles.get(url, {}).get(node.path, []) for url in claimed]
    return {key: expression for pairs in added for key, expression in pairs}


def _holds(node: Node, expression: str) -> bool:
    focus: Any = ResourceNode.create_node(_plain(node.value), node.type)  # type: ignore[no-untyped-call]
    found = _compiled(expression)(focus, {"resource": node.resource, "rootResource": node.root})
    return found != [False]


def _plain(value: Any) -> Any:
    """An object less the extensions of primitives, which the library takes for the values."""
    if not isinstance(value, dict):
        return value
    return {
        name: inner
        for name, inner in value.items()
        if name != "_reference" and not (name[0] == "_" and name[1:] in value)
    }


@cache
def _compiled(expression: str) -> Callable[[Any, Json], list[Any]]:
    compiled: Callable[[Any, Json], list[Any]] = fhirpathpy.compile(
        expression, models["r4"], _OPTIONS
    )
    return compiled


def _has_value(values: list[Any]) -> list[bool]:
    """FHIRPath's hasValue(), which the library lacks (https://hl7.org/fhir/R4/fhirpath.html)."""
    return [len(values) == 1 and not isinstance(values[0], dict | NoneType)]


_OPTIONS = {
    "traceFn": lambda *_: None,  # it prints by default
    "userInvocationTable": {"hasValue": {"fn": _has_value, "arity": {0: []}}},
}
