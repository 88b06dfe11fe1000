"""Chained parameters and ``_has`` (https://hl7.org/fhir/R4/search.html#chaining).

``subject:Patient.identifier=…`` asks of what a resource refers to,
``_has:Observation:patient:code=…`` of what refers to it; either may stand in the other.
"""

from collections.abc import Callable

from core.errors import Incorrect
from fhir.search.params import (
    Interaction,
    Kind,
    ResourceType,
    SearchParam,
    UnknownParameter,
)
from fhir.search.registry import TYPES
from store.criteria import AnyOfClause, ChainClause, Clause, HasClause, Link

MAX_DEPTH = 3
_HAS = "_has"

Inner = Callable[[ResourceType, str, str, str, int], Clause]
"""``fhir.search.clauses.clause``."""


def is_chain(name: str) -> bool:
    """Whether a parameter's name asks of other resources."""
    return "." in name or name.partition(":")[0] == _HAS


def chain(kind: ResourceType, name: str, value: str, base: str, depth: int, inner: Inner) -> Clause:
    """What a chain or ``_has`` asks. Raises as ``fhir.search.clauses.clause`` does."""
    if depth >= MAX_DEPTH:
        raise Incorrect(f"a chain of more than {MAX_DEPTH} references")
    if name.partition(":")[0] == _HAS:
        return _has(kind, name, value, base, depth, inner)
    head, _, rest = name.partition(".")
    plain, _, target = head.partition(":")
    param = _reference(kind, plain)
    if target and target not in param.targets:
        raise UnknownParameter(f"{plain} of {kind.name} refers to no {target[:40]!r}")
    ways = []
    for type_ in (target,) if target else param.targets:
        found = _inner(type_, rest, value, base, depth, inner, tell=bool(target))
        if found is not None:
            ways.append(ChainClause(type_, _link(kind, param), (found,)))
    if not ways:
        raise UnknownParameter(f"nothing that {plain} refers to has {rest[:80]!r}")
    return ways[0] if len(ways) == 1 else AnyOfClause(tuple((way,) for way in ways))


def _has(kind: ResourceType, name: str, value: str, base: str, depth: int, inner: Inner) -> Clause:
    parts = name.split(":", 3)
    if len(parts) < 4 or not all(parts):
        raise UnknownParameter("_has:Type:reference:parameter=value, please")
    _, type_, plain, rest = parts
    other = _searched(type_)
    if other is None:
        raise UnknownParameter(f"there is no {type_[:40]!r} to search")
    param = _reference(other, plain)
    if kind.name not in param.targets:
        raise UnknownParameter(f"{plain} of {type_} refers to no {kind.name}")
    found = inner(other, rest, value, base, depth + 1)
    return HasClause(type_, _link(other, param), (found,))


def _inner(
    type_: str, rest: str, value: str, base: str, depth: int, inner: Inner, *, tell: bool
) -> Clause | None:
    """The rest of a chain on one type; where nobody named the type, None if it has no such."""
    kind = _searched(type_)
    if kind is None:
        return None
    try:
        return inner(kind, rest, value, base, depth + 1)
    except UnknownParameter:
        if tell:
            raise
        return None


def _searched(type_: str) -> ResourceType | None:
    kind = TYPES.get(type_)
    return kind if kind is not None and Interaction.SEARCH_TYPE in kind.interactions else None


def _reference(kind: ResourceType, name: str) -> SearchParam:
    param = kind.params.get(name)
    if param is None or param.kind is not Kind.REFERENCE:
        raise UnknownParameter(f"{kind.name} has no reference parameter {name[:80]!r}")
    return param


def _link(kind: ResourceType, param: SearchParam) -> Link:
    leading, filters = kind.stored(param)
    return Link(leading, filters, param.is_of_patient)
