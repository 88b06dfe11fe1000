"""SMART v2 scopes: what a token lets its bearer do (https://hl7.org/fhir/smart-app-launch).

``system/`` scopes are of all resources of a type; ``patient/`` scopes, of those of the patients
for whom a client is registered, and without any grant nothing. A scope may be narrowed to
categories (``system/Observation.rs?category=vital-signs``); one that is not understood, or is
narrowed in a way that is not enforced, grants nothing. Several scopes add up: each is a way in.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from urllib.parse import unquote

from core.errors import Incorrect
from fhir.profiles.catalogue import TYPES as CATALOGUE_TYPES
from fhir.search import clauses
from fhir.search.match import implies
from fhir.search.registry import TYPES
from store.criteria import Clause, PatientClause, TokenClause

_SCOPE = re.compile(
    r"(system|patient)/(\*|[A-Z][A-Za-z]+)\.(c?r?u?d?s?|read|write|\*)(?:\?([!#-\[\]-~]{1,1000}))?"
)
_VERSION_1 = {"read": "rs", "write": "cud", "*": "cruds"}
_EXPLICIT = frozenset({"AuditEvent"})
"""Types that a scope must name: the wildcard does not reach them."""
NARROWED_BY = "category"
"""The one search parameter that a scope may carry."""

SHARED = frozenset(
    {"Practitioner", "PractitionerRole", "Organization", "Location", *CATALOGUE_TYPES}
)
"""Types that ``patient/`` scopes show whole, and let nobody write.

They are a directory and hold no patient's data; a chart without the names of wards and doctors
is none. What else belongs to no patient (groups, devices that nobody wears) they do not show.
"""
PATIENT = "patient/"

Filter = tuple[TokenClause, ...]
"""Clauses that all hold; none holds for every resource."""


class Action(StrEnum):
    """The five letters of a scope."""

    CREATE = "c"
    READ = "r"
    UPDATE = "u"
    DELETE = "d"
    SEARCH = "s"


_LOOKS = frozenset({Action.READ, Action.SEARCH})


@dataclass(frozen=True, slots=True)
class Scope:
    """One scope: a resource type or ``*``, what may be done, and to which resources.

    ``of_patients`` says that these are those of the client's patients only.
    """

    type: str
    actions: frozenset[Action]
    filter: Filter = ()
    of_patients: bool = False


@dataclass(frozen=True, slots=True)
class Rights:
    """What a bearer may do: scopes, and the patients (ids) whom its ``patient/`` scopes mean."""

    scopes: tuple[str, ...]
    patients: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Way:
    """One way to resources: they fulfil ``filter`` and are of one of ``patients``.

    Without ``patients`` (None) they may be anybody's and nobody's.
    """

    filter: Filter = ()
    patients: frozenset[str] | None = None

    @property
    def clauses(self) -> tuple[Clause, ...]:
        """What it asks of a resource, for a search."""
        whose = () if self.patients is None else (PatientClause(tuple(sorted(self.patients))),)
        return (*whose, *self.filter)

    def is_of(self, patient: str | None) -> bool:
        """Whether it leads to the data of this patient; None is what is nobody's."""
        return self.patients is None or patient in self.patients

    def holds(self, other: "Way") -> bool:
        """Whether all that ``other`` leads to, this does too."""
        if self.patients is not None and (other.patients is None or other.patients - self.patients):
            return False
        return is_narrower(other.filter, self.filter)


WHOLE = Way()


@lru_cache(maxsize=4096)
def parse(text: str) -> Scope | None:
    """The scope that ``text`` spells, version 1 or 2; None if it grants nothing."""
    match = _SCOPE.fullmatch(text)
    if match is None or not match[3]:
        return None
    context, type_, asked, query = match.groups()
    of_patients = context == "patient"
    if of_patients and not _may_be_of_patients(type_):
        return None
    letters = _VERSION_1.get(asked, asked)
    actions = frozenset(Action(letter) for letter in letters)
    if query is None:
        return Scope(type_, actions, of_patients=of_patients)
    narrowed = None if asked in _VERSION_1 else _filter(type_, query)
    return None if narrowed is None else Scope(type_, actions, narrowed, of_patients)


def _may_be_of_patients(type_: str) -> bool:
    """Whether ``patient/`` scopes reach a type: what has a patient, is made of it, or is shared."""
    kind = TYPES.get(type_)
    has_patient = kind is not None and kind.patient is not None
    return has_patient or type_ in SHARED or type_ in ("*", "Binary")


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


def ways(rights: Rights, type_: str, action: Action) -> tuple[Way, ...]:
    """The ways that lead to resources of ``type_`` for ``action``; () if none does.

    Where one of them leads to all, the others do not matter.
    """
    if rights.patients:
        return _ways(rights, type_, action)
    return _known_ways(tuple(rights.scopes), type_, action)


@lru_cache(maxsize=1024)
def _known_ways(scopes: tuple[str, ...], type_: str, action: Action) -> tuple[Way, ...]:
    """What depends on nobody's patients is worked out once."""
    return _ways(Rights(scopes), type_, action)


def _ways(rights: Rights, type_: str, action: Action) -> tuple[Way, ...]:
    parsed = (parse(text) for text in rights.scopes)
    held = (s for s in parsed if s and _reaches(s, type_) and action in s.actions)
    found = dict.fromkeys(
        way for scope in held if (way := _way(scope, rights, type_, action)) is not None
    )
    return (WHOLE,) if WHOLE in found else tuple(found)


def _way(scope: Scope, rights: Rights, type_: str, action: Action) -> Way | None:
    if not scope.of_patients:
        return Way(scope.filter)
    if not rights.patients:
        return None
    if type_ not in SHARED:
        return Way(scope.filter, rights.patients)
    return Way(scope.filter) if action in _LOOKS else None


def allows(rights: Rights, type_: str, action: Action) -> bool:
    """Whether they let their bearer do ``action`` on every resource of ``type_``."""
    return ways(rights, type_, action) == (WHOLE,)


def within(asked: str, registered: Iterable[str]) -> bool:
    """Whether ``registered`` scopes grant all that the scope ``asked`` does.

    What is no FHIR scope (``hisbundle/metrics``) must be among them as it is.
    """
    registered = tuple(registered)
    scope = parse(asked)
    if scope is None:
        return asked in registered
    held = [
        s
        for s in map(parse, registered)
        if s and s.of_patients == scope.of_patients and _reaches(s, scope.type)
    ]
    return all(
        any(action in s.actions and is_narrower(scope.filter, s.filter) for s in held)
        for action in scope.actions
    )


def _reaches(held: Scope, type_: str) -> bool:
    if held.type == type_:
        return True
    if held.type != "*" or type_ in _EXPLICIT:
        return False
    return not held.of_patients or _may_be_of_patients(type_)


def is_narrower(narrow: Filter, wide: Filter) -> bool:
    """Whether all that fulfils ``narrow`` fulfils ``wide`` too."""
    return all(any(implies(n, w) for n in narrow) for w in wide)
