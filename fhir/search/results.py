"""What a client asks to be told of what is found: included resources, summaries, elements.

Source: https://hl7.org/fhir/R4/search.html#return, sections on _include, _summary and _elements.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from core.errors import Incorrect
from fhir.search.elements import ELEMENTS
from fhir.search.params import Kind, ResourceType, SearchParam, UnknownParameter
from fhir.search.registry import TYPES

Json = dict[str, Any]
_REFERENCE = re.compile(r"([A-Z][A-Za-z]{1,63})/([A-Za-z0-9\-.]{1,64})")
MAX_ELEMENTS = 100


class Summary(StrEnum):
    """How much of a resource is told (https://hl7.org/fhir/R4/valueset-summary.html)."""

    TRUE = "true"
    TEXT = "text"
    DATA = "data"
    COUNT = "count"
    FALSE = "false"


@dataclass(frozen=True, slots=True)
class Include:
    """References of ``source`` to follow by ``param``, or against their direction.

    ``target`` is the only type that counts, if it is given. One that is to ``iterate`` holds for
    what is included too.
    """

    source: str
    param: SearchParam
    target: str | None
    iterate: bool = False
    reverse: bool = False

    @property
    def targets(self) -> tuple[str, ...]:
        """The types that its references may lead to."""
        return self.param.targets if self.target is None else (self.target,)


def includes(
    kind: ResourceType, value: str, *, iterate: bool = False, reverse: bool = False
) -> tuple[Include, ...]:
    """What ``Type:param`` or ``Type:param:Target`` of ``_include`` or ``_revinclude`` asks for.

    ``*`` for the parameter is every reference of the type. Raises UnknownParameter for what is
    not declared, or could never include anything in a search of ``kind``.
    """
    source, _, rest = value.partition(":")
    name, _, target = rest.partition(":")
    owner = TYPES.get(source)
    if owner is None or not name:
        raise UnknownParameter(f"Type:parameter, please, of a type that is here: {value[:80]!r}")
    params = [
        p for p in owner.params.values() if p.kind is Kind.REFERENCE and name in ("*", p.name)
    ]
    if target:
        params = [p for p in params if target in p.targets]
    if reverse and not iterate:
        params = [p for p in params if kind.name in ((target,) if target else p.targets)]
    elif not iterate and source != kind.name:
        params = []
    if not params:
        raise UnknownParameter(f"{value[:80]!r} leads nowhere in a search of {kind.name}")
    return tuple(Include(source, p, target or None, iterate, reverse) for p in params)


def references(include: Include, body: Json) -> Iterator[tuple[str, str]]:
    """Type and id of each resource that ``body`` refers to by an include that is not reverse."""
    for text in include.param.references(body, TYPES[include.source]):
        match = _REFERENCE.fullmatch(text)
        if match and match[1] in include.targets:
            yield match[1], match[2]


def summary(value: str) -> Summary:
    """The value of ``_summary``. Raises Incorrect for any other."""
    if value not in set(Summary):
        raise Incorrect("true, text, data, count or false, please")
    return Summary(value)


def elements(kind: ResourceType, value: str) -> tuple[str, ...]:
    """The elements that ``_elements`` names, at the root of a resource.

    Of ``component.code`` all of ``component`` is told. Raises Incorrect for what ``kind`` lacks.
    """
    names = value.split(",")
    if len(names) > MAX_ELEMENTS:
        raise Incorrect(f"more than {MAX_ELEMENTS} elements")
    found: dict[str, None] = {}
    for name in names:
        element = ELEMENTS[kind.name].named(name.partition(".")[0])
        if element is None:
            raise Incorrect(f"{kind.name} has no element {name[:80]!r}")
        found[element] = None
    return tuple(found)
