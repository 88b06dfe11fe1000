"""The audit trail: batches appended one after another, and the chain's end.

Each batch is one statement, under a number that nobody else can take: who was second reads the
head anew and tries again, in any number of processes. So the chain never forks, and numbers and
times become visible in their own order.
"""

import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import orjson
from asyncpg import DataError, ProgramLimitExceededError, UniqueViolationError
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from core.audit import COLUMNS, EMPTY, Entry, Head, canonical, chained
from core.errors import Unavailable
from store.tables import audit_batch as b

LIMIT_S = 10.0
"""What one statement may take: no answer waits longer for its entries."""
ATTEMPTS = 100
REFUSED = (DataError, ProgramLimitExceededError, orjson.JSONEncodeError)
"""What ``append`` raises for entries that can never be written, however often they are sent."""
_TICK = timedelta(milliseconds=1)
_HEAD = (
    "SELECT clock_timestamp() AS now, newest.* FROM (SELECT 1) AS one LEFT JOIN"
    " (SELECT number, last_seq, digest, committed_at FROM audit_batch"
    "  ORDER BY number DESC LIMIT 1) AS newest ON true"
)
# What is stored is read from the very bytes that are hashed, and one JSON document costs half of
# what an array for each column does, here and in Postgres.
_VALUES = {
    "request": "decode(entry->>{}, 'hex')",
    "status": "(entry->>{})::smallint",
    "outcome": "(entry->>{})::smallint",
    "repeats": "(entry->>{})::bigint",
}
_READ = ", ".join(_VALUES.get(name, "entry->>{}").format(n) for n, name in enumerate(COLUMNS))
_APPEND = (
    "WITH batch AS (INSERT INTO audit_batch"  # noqa: S608 (constants)
    " (number, first_seq, last_seq, digest, previous, committed_at)"
    " VALUES ($1, $2, $3, $4, $5, $6))"
    f" INSERT INTO audit_entry (seq, batch, recorded_at, {', '.join(COLUMNS)})"
    f" SELECT $2 - 1 + place, $1, $6, {_READ}"
    " FROM jsonb_array_elements($7::jsonb) WITH ORDINALITY AS new (entry, place)"
)


class Chain:
    """The end of the chain as far as this process knows, and the database's clock."""

    def __init__(self) -> None:
        self._head: Head | None = None
        self._began: datetime | None = None
        self._ticks = 0.0

    async def append(self, connection: Any, entries: Sequence[Entry]) -> Head:
        """Commit ``entries`` as the next batch, over a driver connection (Database.connection).

        Raises Unavailable if others were always first.
        """
        for _ in range(ATTEMPTS):
            before, self._head = self._head or await self._read(connection), None
            try:
                made = await _insert(connection, before, self._now(before), entries)
            except UniqueViolationError:
                continue
            self._head = made
            return made
        raise Unavailable("the audit trail is too busy")

    async def _read(self, connection: Any) -> Head:
        row = await connection.fetchrow(_HEAD, timeout=LIMIT_S)
        self._began, self._ticks = row["now"], time.monotonic()
        if row["number"] is None:
            return EMPTY
        return Head(row["number"], row["last_seq"], row["digest"], row["committed_at"])

    def _now(self, before: Head) -> datetime:
        """The database's time in milliseconds, later than the batch before."""
        if self._began is None:
            raise Unavailable("the database's time is not known")
        now = self._began + timedelta(seconds=time.monotonic() - self._ticks)
        now = now.replace(microsecond=now.microsecond // 1000 * 1000)
        return now if before.at is None else max(now, before.at + _TICK)


async def append(connection: Any, entries: Sequence[Entry]) -> Head:
    """Commit ``entries`` as the next batch; see ``Chain``, which remembers the head."""
    return await Chain().append(connection, entries)


async def _insert(connection: Any, before: Head, at: datetime, entries: Sequence[Entry]) -> Head:
    lines = [canonical(entry) for entry in entries]
    made = chained(before, at, lines)
    own = (made.number, before.last_seq + 1, made.last_seq, made.digest, before.digest, at)
    told = b"[%s]" % b",".join(lines)
    await connection.execute(_APPEND, *own, told.decode(), timeout=LIMIT_S)
    return made


async def head(tx: AsyncConnection) -> Head:
    """The end of the chain."""
    newest = select(b).order_by(b.c.number.desc()).limit(1)
    row = (await tx.execute(newest)).one_or_none()
    return EMPTY if row is None else batch_head(row)


def batch_head(row: Any) -> Head:
    """A row of ``audit_batch`` as the head that it once was."""
    at: datetime = row.committed_at
    return Head(row.number, row.last_seq, bytes(row.digest), at)
