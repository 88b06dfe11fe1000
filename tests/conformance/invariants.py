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
    "ele-1": "rules.emptiness",
    "txt-1": "rules.narrative (htmlChecks() is not implemented)",
    "txt-2": "rules.narrative (htmlChecks() is not implemented)",
    "ctm-1": "no CareTeam is served (resolve() is not implemented)",
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
    focus: Any = ResourceNode.create_node(node.value, node.type)  # type: ignore[no-untyped-call]
    found = _compiled(expression)(focus, {"resource": node.resource, "rootResource": node.root})
    return found != [False]


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
