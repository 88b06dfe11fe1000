"""What a caller may see of one resource type."""

from dataclasses import replace

import structlog
from starlette.requests import Request

from api import break_glass
from api.requests import caller
from core.errors import Forbidden
from fhir.access.grant import Grant
from fhir.access.scopes import WHOLE, Action, Rights, ways
from store.criteria import AnyOfClause, ChainClause, Clause, HasClause, NotClause, Query

_log = structlog.get_logger(__name__)


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
