"""Searches of FHIR resources: criteria to SQL, one page at a time.

Pages go on from a position in an order without ties, never by OFFSET: what is written
meanwhile neither repeats a resource nor hides one. A search of one patient by one code walks
one range of an index in the order of the answer.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, or_, select, text, true, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from store import search_clauses as clauses
from store.criteria import PatientClause, Position, Query, SortColumn, SortKey, TokenClause
from store.resources import Document, document
from store.search_clauses import Source
from store.tables import resource as r
from store.tables import resource_token


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
    source = _source(query)
    statement = _matching(query, source, (*_DOCUMENT, r.c.at)).limit(count)
    if query.after is not None:
        statement = statement.where(_beyond(query.order, query.after, source))
    order = query.order
    statement = statement.order_by(*[_ordering(key, source) for key in order])
    return [_found(row, order) for row in await tx.execute(statement)]


async def total(tx: AsyncConnection, query: Query) -> int:
    """How many resources match, wherever ``query.after`` stands."""
    statement = _matching(query, _source(query), (func.count(),))
    return int((await tx.execute(statement)).scalar_one())


_DOCUMENT = (
    r.c.type,
    r.c.id,
    r.c.version,
    r.c.last_updated,
    r.c.deleted,
    r.c.body,
    r.c.render,
    r.c.patient_id,
)


def _source(query: Query) -> Source:
    """Where to look: at one code of one patient in the index table, or at the resources."""
    patients = [c for c in query.clauses if isinstance(c, PatientClause)]
    by_time = all(key.column is not SortColumn.LAST_UPDATED for key in query.sort)
    if by_time and len(patients) == 1 and len(patients[0].ids) == 1:
        for clause in query.clauses:
            if isinstance(clause, TokenClause) and clauses.is_single(clause):
                return Source(resource_token.alias("driver"), clause)
    return Source(r, None)


def _matching(query: Query, source: Source, columns: Sequence[ColumnElement[Any]]) -> Select[Any]:
    rows = source.rows
    statement = select(*columns).select_from(r)
    if source.clause is not None:
        same = and_(rows.c.type == r.c.type, rows.c.id == r.c.id)
        statement = select(*columns).select_from(rows.join(r, same))
        statement = statement.where(*clauses.driven(source.clause, rows))
    wanted = [clauses.condition(c, query, source) for c in query.clauses if c is not source.clause]
    return statement.where(rows.c.type == query.type, ~r.c.deleted, *wanted)


def _column(key: SortKey, source: Source) -> ColumnElement[Any]:
    if key.column is SortColumn.LAST_UPDATED:
        return r.c.last_updated
    column: ColumnElement[Any] = source.rows.c[key.column.value]
    return column


def _ordering(key: SortKey, source: Source) -> ColumnElement[Any]:
    column = _column(key, source)
    return column.desc() if key.descending else column.asc()


def _beyond(order: Sequence[SortKey], after: Position, source: Source) -> ColumnElement[bool]:
    """The rows behind a position; one comparison of rows where an index can follow it."""
    columns = [_column(key, source) for key in order]
    if len({key.descending for key in order}) == 1:
        left = tuple_(*columns)
        return left < after if order[0].descending else left > after
    ways = []
    equal: ColumnElement[bool] = true()
    for key, column, value in zip(order, columns, after, strict=True):
        ways.append(and_(equal, column < value if key.descending else column > value))
        equal = and_(equal, column == value)
    return or_(*ways)


def _found(row: Any, order: Sequence[SortKey]) -> Found:
    return Found(document(row), tuple(getattr(row, key.column.value) for key in order))
