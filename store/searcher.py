"""Pages of searches, each by one statement that is its own transaction.

PostgreSQL gives each statement of a READ COMMITTED transaction a snapshot of its own, so that a
transaction around a page would guarantee nothing, and cost three round trips
(https://www.postgresql.org/docs/current/transaction-iso.html).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from core.errors import TooBusy
from store.criteria import AnyOfClause, ChainClause, Clause, HasClause, NotClause, Query
from store.database import Database, Transaction
from store.reader import document
from store.search import COLUMNS, Found, begin, find, page

CONNECTIONS = 8
WAITING_MAX = 500
LIMIT_S = 10.0
"""What takes longer is given up: a few such searches would hold all connections."""
_STAMP = "SELECT stamp FROM fhir_clock"


@dataclass(frozen=True, slots=True)
class Page:
    """What was found, in order; what it does not tell of is newer than ``stamp``.

    The stamp is that of ``resources.latest_stamp``.
    """

    stamp: datetime | None
    found: Sequence[Found]


class Searcher:
    """Searches ``database`` over connections of its own."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._direct = database.direct(CONNECTIONS, LIMIT_S)
        self._asked = 0

    async def page(self, query: Query, count: int) -> Page:
        """Up to ``count`` resources from ``query.after`` on.

        Raises Unavailable, also for what takes longer than ``LIMIT_S``; TooCostly, TooBusy.
        """
        if self._asked >= CONNECTIONS + WAITING_MAX:
            raise TooBusy("too many searches are waiting")
        self._asked += 1
        try:
            return await self._page(query, count)
        finally:
            self._asked -= 1

    async def _page(self, query: Query, count: int) -> Page:
        if any(map(_is_chained, query.clauses)):
            async with self._database.transaction() as tx:
                return await page_within(tx, query, count)
        statement, values = page(query, count, f"({_STAMP}) AS stamp")
        stamps: list[Any] = []
        rows = await self._direct.fetch(statement, *values)
        if not rows:
            # A stamp taken later than the page would hide what was written in between.
            stamps = await self._direct.fetch(_STAMP)
            rows = await self._direct.fetch(statement, *values)
        if rows:
            return Page(rows[0][-1], _found(rows))
        return Page(stamps[0][0] if stamps else None, [])


async def page_within(tx: Transaction, query: Query, count: int) -> Page:
    """As ``Searcher.page``, in a transaction: it sees what that has written."""
    stamp = await begin(tx, LIMIT_S)
    return Page(stamp, await find(tx, query, count))


def _found(rows: Sequence[Any]) -> list[Found]:
    width = len(COLUMNS)
    return [Found(document(row[:width]), row[width:-1]) for row in rows]


def _is_chained(clause: Clause) -> bool:
    match clause:
        case ChainClause():
            return True
        case HasClause(_, _, clauses):
            return any(map(_is_chained, clauses))
        case NotClause(wrong):
            return _is_chained(wrong)
        case AnyOfClause(alternatives):
            return any(_is_chained(clause) for way in alternatives for clause in way)
        case _:
            return False
