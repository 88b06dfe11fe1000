"""What a caller may see of one resource type: in SQL, and again on what is about to leave."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

import orjson
import structlog
from starlette.requests import Request

from api import break_glass
from api.requests import caller
from api.scopes import Action, Filter, ways
from core.errors import Forbidden, Gone, NotFound
from fhir.search.match import matches
from fhir.search.registry import TYPES
from store.criteria import AnyOfClause, ChainClause, Clause, HasClause, NotClause, Query
from store.resources import Document

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Grant:
    """The resources of ``type`` that fulfil one of ``ways``; an empty way is fulfilled by all."""

    type: str
    ways: tuple[Filter, ...]

    @property
    def is_whole(self) -> bool:
        """Whether it holds for every resource of the type."""
        return () in self.ways

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
        # The way of a single clause may lead the search along an index.
        return self.ways[0] if len(self.ways) == 1 else (AnyOfClause(self.ways),)

    def covers(self, document: Document) -> bool:
        """Whether this version may be seen. A deletion tells no category: it may not."""
        if self.is_whole:
            return True
        if document.deleted or document.type != self.type:
            return False
        body, kind = orjson.loads(document.body), TYPES[self.type]
        return any(all(matches(kind, body, clause) for clause in way) for way in self.ways)

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
        return error if self.is_whole else self.missing(name)


def grant(request: Request, type_: str, action: Action) -> Grant:
    """What the caller may see by ``action``. Raises Forbidden if that is nothing at all.

    Who breaks the glass sees the whole of a type of which the scopes show a part.
    """
    found = _granted(request, type_, action)
    if found.is_whole or action not in (Action.READ, Action.SEARCH):
        return found
    return found if break_glass.reason(request) is None else Grant(type_, ((),))


def allow(request: Request, type_: str, action: Action) -> None:
    """Raises Forbidden unless ``action`` is granted on every resource of ``type_``."""
    if not _granted(request, type_, action).is_whole:
        raise denied(request, f"system/{type_}.{action}")


def _granted(request: Request, type_: str, action: Action) -> Grant:
    found = ways(caller(request).scopes, type_, action)
    if not found:
        raise denied(request, f"system/{type_}.{action}")
    return Grant(type_, found)


def narrow_inner(request: Request, query: Query) -> Query:
    """``query``, its chains and ``_has`` as far as the caller may search what they lead through.

    Raises Forbidden where that is nothing at all.
    """
    try:
        return narrowed(caller(request).scopes, query)
    except Forbidden as missing:
        raise denied(request, str(missing)) from None


def narrowed(scopes: Iterable[str], query: Query) -> Query:
    """``query`` as far as ``scopes`` let one search what its chains and ``_has`` lead through.

    Raises Forbidden, naming the scope that is missing.
    """
    return replace(query, clauses=_narrowed(tuple(scopes), query.clauses))


def _narrowed(scopes: tuple[str, ...], clauses: tuple[Clause, ...]) -> tuple[Clause, ...]:
    return tuple(_narrowed_one(scopes, clause) for clause in clauses)


def _narrowed_one(scopes: tuple[str, ...], clause: Clause) -> Clause:
    match clause:
        case ChainClause(type_, _, clauses) | HasClause(type_, _, clauses):
            own = Grant(type_, ways(scopes, type_, Action.SEARCH))
            if not own.ways:
                raise Forbidden(f"system/{type_}.{Action.SEARCH}")
            return replace(clause, clauses=(*_narrowed(scopes, clauses), *own.clauses))
        case NotClause(wrong):
            return NotClause(_narrowed_one(scopes, wrong))
        case AnyOfClause(alternatives):
            return AnyOfClause(tuple(_narrowed(scopes, way) for way in alternatives))
        case _:
            return clause


def denied(request: Request, scope: str) -> Forbidden:
    """The error for a scope that is missing, once it is logged."""
    _log.warning("access denied", client=caller(request).subject, reason=f"no {scope}")
    return Forbidden(f"the token's scopes do not include {scope}")
