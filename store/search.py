"""Searches of FHIR resources: criteria to SQL, one page at a time.

Pages go on from a position in an order without ties, never by OFFSET: what is written
meanwhile neither repeats a resource nor hides one. A search of one patient by one code walks
one range of an index in the order of the answer.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from store import search_clauses as clauses
from store.criteria import Position, Query, SortColumn, TokenClause
from store.resources import Document, document
from store.search_chains import resolved
from store.search_order import beyond, expression, ordering
from store.search_scope import Binds, Scope, both, patients


@dataclass(frozen=True, slots=True)
class Found:
    """A resource of a page, and its position in the order."""

    document: Document
    position: Position


_BEGIN = text("SELECT stamp, set_config('statement_timeout', :limit, true) FROM fhir_clock")


async def begin(tx: AsyncConnection, limit_s: float) -> datetime | None:
    """Bound what follows in this transaction to ``limit_s`` a statement; the newest stamp.

    The stamp is that of ``resources.latest_stamp``, taken here to save a round trip.
    """
    row = (await tx.execute(_BEGIN, {"limit": str(round(limit_s * 1000))})).one_or_none()
    return None if row is None else row.stamp


async def find(tx: AsyncConnection, query: Query, count: int) -> list[Found]:
    """Up to ``count`` resources from ``query.after`` on, in order."""
    statement, values = page(await resolved(tx, query), count)
    rows = await tx.exec_driver_sql(statement, values)
    return [Found(document(row), tuple(row)[len(COLUMNS) :]) for row in rows]


def page(query: Query, count: int, *more: str) -> tuple[str, tuple[Any, ...]]:
    """The statement of a page, and its values: ``COLUMNS``, the position, then ``more`` columns.

    Chains must have been resolved (store.search_chains).
    """
    scope = _scope(query)
    order = query.order
    columns = [f"{scope.resource}.{name}" for name in COLUMNS]
    columns += [f"{expression(key, scope)} AS sort_{n}" for n, key in enumerate(order)]
    wanted = _matching(query, scope)
    if query.after is not None:
        wanted = both((wanted, beyond(order, query.after, scope)))
    statement = (
        f"SELECT {', '.join((*columns, *more))} FROM {_rows(scope)}"  # noqa: S608 (ours)
        f" WHERE {wanted} ORDER BY {ordering(order, scope)} LIMIT {scope.binds.count(count)}"
    )
    return statement, tuple(scope.binds.values)


async def total(tx: AsyncConnection, query: Query) -> int:
    """How many resources match, wherever ``query.after`` stands."""
    query = await resolved(tx, query)
    scope = _scope(query)
    statement = f"SELECT count(*) FROM {_rows(scope)} WHERE {_matching(query, scope)}"  # noqa: S608
    rows = await tx.exec_driver_sql(statement, tuple(scope.binds.values))
    return int(rows.scalar_one())


COLUMNS = (
    "type", "id", "version", "last_updated", "deleted", "body", "render", "patient_id",
)  # fmt: skip
"""Those of a document."""


def _scope(query: Query) -> Scope:
    """Where to look: at one code of one patient in the index table, or at the resources."""
    of = patients(query.clauses)
    by_time = all(key.column is not SortColumn.LAST_UPDATED for key in query.sort)
    single = (c for c in query.clauses if isinstance(c, TokenClause) and clauses.is_single(c))
    driver = next(single, None) if by_time and len(of) == 1 else None
    return Scope(Binds(), query.type, driver=driver, patients=of)


def _rows(scope: Scope) -> str:
    r, rows = scope.resource, scope.rows
    if scope.driver is None:
        return f"resource {r}"
    return (
        f"resource_token {rows} JOIN resource {r} ON {r}.type = {rows}.type AND {r}.id = {rows}.id"
    )


def _matching(query: Query, scope: Scope) -> str:
    wanted = [f"{scope.rows}.type = {scope.kind}", f"NOT {scope.resource}.deleted"]
    if scope.driver is not None:
        wanted.append(clauses.driven_by(scope.driver, scope.rows, scope))
    wanted += [clauses.condition(c, scope) for c in query.clauses if c is not scope.driver]
    return both(wanted)
