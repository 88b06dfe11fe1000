"""Chained parameters: what a reference must lead to, looked up first.

The resources at the end of a chain are few, or the search is too wide to answer: their ids then
take the place of the chain, so that one patient leads the search along an index. Source:
https://hl7.org/fhir/R4/search.html#chaining
"""

from dataclasses import replace

from sqlalchemy.ext.asyncio import AsyncConnection

from core.errors import TooCostly
from store.criteria import (
    AnyOfClause,
    ChainClause,
    Clause,
    HasClause,
    NotClause,
    PatientClause,
    Query,
    TokenClause,
    TokenValue,
)
from store.search_clauses import condition
from store.search_scope import Binds, Scope, both, patients

MAX_FOUND = 1000
"""Resources at the end of a chain."""


async def resolved(tx: AsyncConnection, query: Query) -> Query:
    """``query`` without chains. Raises TooCostly where one leads to more than ``MAX_FOUND``."""
    return replace(query, clauses=await _all(tx, query.clauses))


async def _all(tx: AsyncConnection, clauses: tuple[Clause, ...]) -> tuple[Clause, ...]:
    return tuple([await _one(tx, clause) for clause in clauses])


async def _one(tx: AsyncConnection, clause: Clause) -> Clause:
    match clause:
        case ChainClause(type_, _, clauses):
            return _to(clause, await _ids(tx, type_, await _all(tx, clauses)))
        case HasClause(_, _, clauses):
            return replace(clause, clauses=await _all(tx, clauses))
        case NotClause(wrong):
            return NotClause(await _one(tx, wrong))
        case AnyOfClause(alternatives):
            return AnyOfClause(tuple([await _all(tx, way) for way in alternatives]))
        case _:
            return clause


def _to(chain: ChainClause, ids: tuple[str, ...]) -> Clause:
    link = chain.link
    if chain.type == "Patient" and link.patient:
        return PatientClause(ids)
    found = tuple(TokenValue(f"{chain.type}/{name}") for name in ids)
    return TokenClause(link.params, found, link.filters)


async def _ids(tx: AsyncConnection, type_: str, clauses: tuple[Clause, ...]) -> tuple[str, ...]:
    scope = Scope(Binds(), type_, patients=patients(clauses))
    r = scope.resource
    wanted = both([f"{r}.type = {scope.kind}", *(condition(c, scope) for c in clauses)])
    statement = (
        f"SELECT {r}.id FROM resource {r} WHERE {wanted} AND NOT {r}.deleted"  # noqa: S608 (ours)
        f" LIMIT {MAX_FOUND + 1}"
    )
    found = (await tx.exec_driver_sql(statement, tuple(scope.binds.values))).scalars().all()
    if len(found) > MAX_FOUND:
        raise TooCostly(f"the chain leads to more than {MAX_FOUND} of {type_}: ask for less")
    return tuple(found)
