"""Literal references: what a resource points at must be there, and what is pointed at stays.

https://hl7.org/fhir/R4/references.html#literal. References to other servers are theirs.
"""

import re
from collections.abc import Callable, Iterator
from typing import Any

from core.errors import Conflict, Invalid, NotFound
from core.formats import parse_binary_id
from fhir.search import clauses
from fhir.search.params import Kind, ResourceType
from fhir.search.registry import TYPES
from fhir.values import Json
from store import resources, search
from store.criteria import Clause, Query, SortColumn, SortKey
from store.database import Transaction
from store.resources import Key

InSight = Callable[[Key, str | None], bool]
"""Whether one may refer to a resource, which is of a patient (id) or of none."""
_ELSEWHERE = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:|#")
_RELATIVE = re.compile(
    r"([A-Z][A-Za-z]{1,63})/([A-Za-z0-9\-.]{1,64})(?:/_history/[A-Za-z0-9\-.]{1,64})?"
)
_BEHIND_BINARY = ("DiagnosticReport", "Observation")


def made_relative(node: Any, base: str) -> Any:
    """The same with references to this server as ``Type/id``: one spelling is searched for."""
    if isinstance(node, list):
        return [made_relative(item, base) for item in node]
    if not isinstance(node, dict):
        return node
    made = {name: made_relative(value, base) for name, value in node.items()}
    literal = made.get("reference")
    if isinstance(literal, str):
        made["reference"] = literal.removeprefix(f"{base}/")
    return made


def targets(node: Any, place: str) -> Iterator[tuple[str, Key]]:
    """Each element that refers to this server, and the type and id that it names.

    Raises Invalid for what is no reference at all.
    """
    if isinstance(node, list):
        for item in node:
            yield from targets(item, place)
    if not isinstance(node, dict):
        return
    literal = node.get("reference")
    if isinstance(literal, str) and not _ELSEWHERE.match(literal):
        match = _RELATIVE.fullmatch(literal)
        if match is None:
            raise Invalid(f"{place}.reference: {literal[:80]!r} is no reference")
        yield place, (match[1], match[2])
    for name, value in node.items():
        yield from targets(value, f"{place}.{name}")


async def check_targets(tx: Transaction, wanted: list[tuple[str, Key]], in_sight: InSight) -> None:
    """Raises Invalid for the first element whose target is not there, or not in sight."""
    behind = {key: _behind(key) for _, key in wanted}
    found = await resources.owners(tx, list({k for keys in behind.values() for k in keys}))
    here = {key for key, patient in found.items() if in_sight(key, patient)}
    for place, key in wanted:
        if not here.intersection(behind[key]):
            raise Invalid(f"{place}.reference: there is no {'/'.join(key)}")


def _behind(key: Key) -> list[Key]:
    """What must be there: the resource, or what a Binary is made of."""
    if key[0] != "Binary":
        return [key]
    try:
        name = parse_binary_id(key[1])[0]
    except NotFound:
        return []
    return [(type_, name) for type_ in _BEHIND_BINARY]


async def referring(tx: Transaction, key: Key, base: str) -> Key | None:
    """A resource that refers to ``key`` by one of its search parameters, or None."""
    for kind in TYPES.values():
        for clause in _clauses(kind, key, base):
            query = Query(kind.name, (clause,), (SortKey(SortColumn.ID),))
            for found in await search.find(tx, query, 2):
                if (found.document.type, found.document.id) != key:
                    return found.document.type, found.document.id
    return None


def _clauses(kind: ResourceType, key: Key, base: str) -> list[Clause]:
    found: list[Clause] = []
    for param in kind.params.values():
        if param.kind is Kind.REFERENCE and (not param.targets or key[0] in param.targets):
            clause = clauses.clause(kind, param.name, "/".join(key), base)
            if clause not in found:
                found.append(clause)
    return found


def refusal(key: Key, by: Key | None) -> Conflict:
    """Why ``key`` cannot be deleted; ``by`` is None where the caller may not know."""
    other = "other resources" if by is None else "/".join(by)
    return Conflict(f"{'/'.join(key)} cannot be deleted: {other} refers to it")


def added(sent: Json, before: Json) -> list[tuple[str, Key]]:
    """The references of ``sent`` that ``before`` does not have; those were asked for once."""
    type_ = str(sent["resourceType"])
    known = {key for _, key in targets(before, type_)} if before else set()
    return [(place, key) for place, key in targets(sent, type_) if key not in known]
