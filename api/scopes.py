"""SMART v2 scopes: what a token lets its bearer do (https://hl7.org/fhir/smart-app-launch).

Only ``system/`` scopes grant anything of FHIR. A scope may be narrowed to categories
(``system/Observation.rs?category=vital-signs``); one that is not understood, or is narrowed in
a way that is not enforced, grants nothing. Several scopes add up: each is a way in.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from urllib.parse import unquote

from core.errors import Incorrect
from fhir.search import clauses
from fhir.search.match import implies
from fhir.search.registry import TYPES
from store.criteria import TokenClause

_SCOPE = re.compile(
    r"system/(\*|[A-Z][A-Za-z]+)\.(c?r?u?d?s?|read|write|\*)(?:\?([!#-\[\]-~]{1,1000}))?"
)
_VERSION_1 = {"read": "rs", "write": "cud", "*": "cruds"}
_EXPLICIT = frozenset({"AuditEvent"})
"""Types that a scope must name: the wildcard does not reach them."""
NARROWED_BY = "category"
"""The one search parameter that a scope may carry."""

Filter = tuple[TokenClause, ...]
"""Clauses that all hold; none holds for every resource."""


class Action(StrEnum):
    """The five letters of a scope."""

    CREATE = "c"
    READ = "r"
    UPDATE = "u"
    DELETE = "d"
    SEARCH = "s"


@dataclass(frozen=True, slots=True)
class Scope:
    """One scope: a resource type or ``*``, what may be done, and to which resources."""

    type: str
    actions: frozenset[Action]
    filter: Filter = ()


@lru_cache(maxsize=4096)
def parse(text: str) -> Scope | None:
    """The scope that ``text`` spells, version 1 or 2; None if it grants nothing."""
    match = _SCOPE.fullmatch(text)
    if match is None or not match[2]:
        return None
    letters = _VERSION_1.get(match[2], match[2])
    scope = Scope(match[1], frozenset(Action(letter) for letter in letters))
    if match[3] is None:
        return scope
    narrowed = None if match[2] in _VERSION_1 else _filter(match[1], match[3])
    return None if narrowed is None else Scope(scope.type, scope.actions, narrowed)


def _filter(type_: str, query: str) -> Filter | None:
    """What a scope's query asks of resources; None if it cannot be enforced."""
    kind = TYPES.get(type_)
    if kind is None or NARROWED_BY not in kind.params:
        return None
    found = []
    for part in query.split("&"):
        name, _, value = part.partition("=")
        if name != NARROWED_BY or "\x00" in unquote(value):
            return None
        try:
            clause = clauses.clause(kind, name, unquote(value, errors="strict"), "")
        except (Incorrect, UnicodeDecodeError):
            return None
        if not isinstance(clause, TokenClause):
            return None
        found.append(clause)
    return tuple(found)


def ways(scopes: Iterable[str], type_: str, action: Action) -> tuple[Filter, ...]:
    """What each scope that grants ``action`` on ``type_`` asks of a resource; () if none does.

    Where one of them asks nothing, the others do not matter.
    """
    return _ways(tuple(scopes), type_, action)


@lru_cache(maxsize=1024)
def _ways(scopes: tuple[str, ...], type_: str, action: Action) -> tuple[Filter, ...]:
    parsed = (parse(text) for text in scopes)
    filters = dict.fromkeys(
        s.filter for s in parsed if s and _reaches(s, type_) and action in s.actions
    )
    return ((),) if () in filters else tuple(filters)


def allows(scopes: Iterable[str], type_: str, action: Action) -> bool:
    """Whether ``scopes`` let their bearer do ``action`` on every resource of ``type_``."""
    return ways(scopes, type_, action) == ((),)


def within(asked: str, registered: Iterable[str]) -> bool:
    """Whether ``registered`` scopes grant all that the scope ``asked`` does.

    What is no FHIR scope (``hisbundle/metrics``) must be among them as it is.
    """
    registered = tuple(registered)
    scope = parse(asked)
    if scope is None:
        return asked in registered
    held = [s for s in map(parse, registered) if s and _reaches(s, scope.type)]
    return all(
        any(action in s.actions and is_narrower(scope.filter, s.filter) for s in held)
        for action in scope.actions
    )


def _reaches(held: Scope, type_: str) -> bool:
    return held.type == type_ or (held.type == "*" and type_ not in _EXPLICIT)


def is_narrower(narrow: Filter, wide: Filter) -> bool:
    """Whether all that fulfils ``narrow`` fulfils ``wide`` too."""
    return all(any(implies(n, w) for n in narrow) for w in wide)
