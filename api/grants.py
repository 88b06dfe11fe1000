"""What a caller may see of one resource type: in SQL, and again on what is about to leave."""

from dataclasses import dataclass, replace

import orjson
import structlog
from starlette.requests import Request

from api import break_glass
from api.requests import caller
from api.scopes import WHOLE, Action, Rights, Way, ways
from core.errors import Forbidden, Gone, NotFound
from fhir.search.match import matches
from fhir.search.registry import TYPES
from store.criteria import AnyOfClause, ChainClause, Clause, HasClause, NotClause, Query
from store.resource_rows import Current
from store.resources import Document, Draft

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Grant:
    """The resources of ``type`` to which one of ``ways`` leads."""

    type: str
    ways: tuple[Way, ...]

    @property
    def is_whole(self) -> bool:
        """Whether it holds for every resource of the type."""
        return WHOLE in self.ways

    def is_whole_for(self, patient: str | None) -> bool:
        """Whether it holds for every resource of the type that is this patient's."""
        return any(not way.filter and way.is_of(patient) for way in self.ways)

    def theirs(self, before: Current | None) -> Current | None:
        """What is there, as far as it is the caller's to change; the rest is as if it were not."""
        if before is None or not self.is_whole_for(before.patient_id):
            return None
        return before

    def check_owner(self, draft: Draft) -> None:
        """Raises Forbidden for a version to be written that is not of the caller's patients."""
        if not self.is_whole_for(draft.index.patient_id):
            raise Forbidden(
                f"{self.type}: the token's scopes are of certain patients; the resource must say"
                " that it is of one of them"
            )

    @property
    def patients(self) -> frozenset[str] | None:
        """The patients whose data it is confined to; None where it is not."""
        if any(way.patients is None for way in self.ways):
            return None
        return frozenset().union(*(way.patients or () for way in self.ways))

    def narrow(self, query: Query) -> Query:
        """``query``, as far as this grant goes."""
        if self.is_whole:
            return query
        return replace(query, clauses=(*query.clauses, *self.clauses))

    @property
    def clauses(self) -> tuple[Clause, ...]:
        """What this grant asks of a resource beside what the caller asks."""
        if self.is_whole:
            return ()
        # The clauses of a single way may lead the search along an index.
        found = tuple(way.clauses for way in self.ways)
        return found[0] if len(found) == 1 else (AnyOfClause(found),)

    def covers(self, document: Document) -> bool:
        """Whether this version may be seen. A deletion tells whose it was, and no category."""
        if self.is_whole:
            return True
        if document.type != self.type:
            return False
        if self.is_whole_for(document.patient_id):
            return True
        theirs = [way for way in self.ways if way.is_of(document.patient_id)]
        if document.deleted or not theirs:
            return False
        body, kind = orjson.loads(document.body), TYPES[self.type]
        return any(all(matches(kind, body, clause) for clause in way.filter) for way in theirs)

    def checked(self, document: Document) -> Document:
        """``document`` itself. Raises NotFound, as if it were not there, unless it is covered."""
        if not self.covers(document):
            raise self.missing(document.id)
        return document

    def missing(self, name: str) -> NotFound:
        """The one error for what is not there and for what may not be seen."""
        return NotFound(f"there is no {self.type}/{name}")

    def veiled(self, error: Gone, name: str) -> Gone | NotFound:
        """What to tell of a deletion."""
        return error if self.is_whole_for(error.patient_id) else self.missing(name)


def grant(request: Request, type_: str, action: Action) -> Grant:
    """What the caller may see by ``action``. Raises Forbidden if that is nothing at all.

    Who breaks the glass sees the whole of a type of which the scopes show a part.
    """
    found = _granted(request, type_, action)
    if found.is_whole or action not in (Action.READ, Action.SEARCH):
        return found
    return found if break_glass.reason(request) is None else Grant(type_, (WHOLE,))


def allow(request: Request, type_: str, action: Action) -> None:
    """Raises Forbidden unless ``action`` is granted on every resource of ``type_``."""
    if not _granted(request, type_, action).is_whole:
        raise denied(request, f"system/{type_}.{action}")


def reach(request: Request, type_: str, action: Action) -> Grant:
    """Whose resources of ``type_`` the caller may write: everybody's, or those of its patients.

    Raises Forbidden if nobody's. What is narrowed to categories is for reading alone.
    """
    found = tuple(way for way in _granted(request, type_, action).ways if not way.filter)
    if not found:
        raise denied(request, f"system/{type_}.{action}")
    return Grant(type_, found)


def _granted(request: Request, type_: str, action: Action) -> Grant:
    found = ways(caller(request).rights, type_, action)
    if not found:
        raise denied(request, f"system/{type_}.{action}")
    return Grant(type_, found)


def narrow_inner(request: Request, query: Query) -> Query:
    """``query``, its chains and ``_has`` as far as the caller may search what they lead through.

    Raises Forbidden where that is nothing at all. Who breaks the glass sees more of what is
    searched, not through more: chains stay within the scopes.
    """
    try:
        return narrowed(caller(request).rights, query)
    except Forbidden as missing:
        raise denied(request, str(missing)) from None


def narrowed(rights: Rights, query: Query) -> Query:
    """``query`` as far as ``rights`` let one search what its chains and ``_has`` lead through.

    Raises Forbidden, naming the scope that is missing.
    """
    return replace(query, clauses=_narrowed(rights, query.clauses))


def _narrowed(rights: Rights, clauses: tuple[Clause, ...]) -> tuple[Clause, ...]:
    return tuple(_narrowed_one(rights, clause) for clause in clauses)


def _narrowed_one(rights: Rights, clause: Clause) -> Clause:
    match clause:
        case ChainClause(type_, _, clauses) | HasClause(type_, _, clauses):
            own = Grant(type_, ways(rights, type_, Action.SEARCH))
            if not own.ways:
                raise Forbidden(f"system/{type_}.{Action.SEARCH}")
            return replace(clause, clauses=(*_narrowed(rights, clauses), *own.clauses))
        case NotClause(wrong):
            return NotClause(_narrowed_one(rights, wrong))
        case AnyOfClause(alternatives):
            return AnyOfClause(tuple(_narrowed(rights, way) for way in alternatives))
        case _:
            return clause


def denied(request: Request, scope: str) -> Forbidden:
    """The error for a scope that is missing, once it is logged."""
    _log.warning("access denied", client=caller(request).subject, reason=f"no {scope}")
    return Forbidden(f"the token's scopes do not include {scope}")
