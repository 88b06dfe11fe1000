"""The audit trail: batches appended one after another, and the chain's end.

Whoever appends holds an advisory lock from before the head is read until the commit, in any
number of processes: the chain never forks, and times rise in the order in which they are seen.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from core.audit import COLUMNS, EMPTY, Entry, Head, chained, values
from store.tables import audit_batch as b

LIMIT_S = 10.0
"""What one batch may take: no answer waits longer for its entries."""
_LOCK = 0x4155_4449_5454_5241
# Both in one message: the head must be read by a statement that begins when the lock is held.
_BEGIN = f"BEGIN; SELECT pg_advisory_xact_lock({_LOCK})"
_HEAD = (
    "SELECT greatest(date_trunc('milliseconds', clock_timestamp()),"
    " max(committed_at) + interval '1 millisecond') AS now,"
    " (array_agg(number))[1] AS number, (array_agg(last_seq))[1] AS last_seq,"
    " (array_agg(digest))[1] AS digest"
    " FROM (SELECT * FROM audit_batch ORDER BY number DESC LIMIT 1) AS newest"
)
_TYPES = {
    "request": "bytea", "status": "smallint", "outcome": "smallint", "repeats": "bigint"
}  # fmt: skip
_ARRAYS = ", ".join(f"${n}::{_TYPES.get(name, 'text')}[]" for n, name in enumerate(COLUMNS, 7))
_APPEND = (
    "WITH batch AS (INSERT INTO audit_batch"  # noqa: S608 (constants)
    " (number, first_seq, last_seq, digest, previous, committed_at)"
    " VALUES ($1, $2, $3, $4, $5, $6))"
    f" INSERT INTO audit_entry (seq, batch, recorded_at, {', '.join(COLUMNS)})"
    f" SELECT $2 - 1 + place, $1, $6, {', '.join(COLUMNS)}"
    f" FROM unnest({_ARRAYS}) WITH ORDINALITY AS new ({', '.join(COLUMNS)}, place)"
)


async def append(connection: Any, entries: Sequence[Entry]) -> Head:
    """Commit ``entries`` as the next batch, over a driver connection (Database.connection)."""
    await connection.execute(_BEGIN, timeout=LIMIT_S)
    found = await connection.fetchrow(_HEAD, timeout=LIMIT_S)
    before = EMPTY
    if found["number"] is not None:
        before = Head(found["number"], found["last_seq"], found["digest"])
    head = chained(before, found["now"], entries)
    columns = zip(*map(values, entries), strict=True)
    own = (head.number, before.last_seq + 1, head.last_seq, head.digest, before.digest, head.at)
    await connection.execute(_APPEND, *own, *columns, timeout=LIMIT_S)
    await connection.execute("COMMIT", timeout=LIMIT_S)
    return head


async def head(tx: AsyncConnection) -> Head:
    """The end of the chain."""
    newest = select(b).order_by(b.c.number.desc()).limit(1)
    row = (await tx.execute(newest)).one_or_none()
    return EMPTY if row is None else batch_head(row)


def batch_head(row: Any) -> Head:
    """A row of ``audit_batch`` as the head that it once was."""
    at: datetime = row.committed_at
    return Head(row.number, row.last_seq, bytes(row.digest), at)
