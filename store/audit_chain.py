"""The audit trail checked from its beginning to its end (core.audit has the chain)."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import and_, func, not_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from core.audit import COLUMNS, EMPTY, Entry, Head, canonical, chained
from store.audit import batch_head
from store.tables import audit_batch as b
from store.tables import audit_entry as e

_PAGE = 500


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a check found; ``broken`` says where and how, and is None where nothing is wrong.

    ``entries`` and ``head`` are how far the chain was right.
    """

    head: Head
    entries: int
    broken: str | None = None


async def verify(tx: AsyncConnection, remembered: Head | None = None) -> Verdict:
    """Check all batches, and that the ``remembered`` head is one of them."""
    right, known = EMPTY, remembered is None or remembered.digest == EMPTY.digest
    async for row in _batches(tx):
        wrong = await _wrong(tx, right, row)
        if wrong is not None:
            return Verdict(right, right.last_seq, f"batch {right.number + 1}: {wrong}")
        right = batch_head(row)
        known = known or (remembered is not None and str(right) == str(remembered))
    if not known:
        cut = f"the remembered head {remembered} is not in the chain: it was cut or rewritten"
        return Verdict(right, right.last_seq, cut)
    stray = await _stray(tx)
    told = None if stray is None else f"entry {stray} belongs to no batch"
    return Verdict(right, right.last_seq, told)


async def _wrong(tx: AsyncConnection, before: Head, row: Any) -> str | None:
    """What is wrong with the batch after ``before``."""
    if row.number != before.number + 1:
        return "is missing"
    if bytes(row.previous) != before.digest or row.first_seq != before.last_seq + 1:
        return "does not follow the batch before it"
    entries = await _entries(tx, row)
    if entries is None:
        return "entries are missing, or out of place"
    made = chained(before, row.committed_at, [canonical(entry) for entry in entries])
    if (made.last_seq, made.digest) != (row.last_seq, bytes(row.digest)):
        return "its digest is another than that of its entries"
    return None


async def _entries(tx: AsyncConnection, row: Any) -> list[Entry] | None:
    """A batch's entries; None where they do not stand as they were written."""
    columns = [e.c[name] for name in COLUMNS]
    query = select(e.c.seq, e.c.recorded_at, e.c.batch, *columns).order_by(e.c.seq)
    own = e.c.seq.between(row.first_seq, row.last_seq)
    found = (await tx.execute(query.where(own))).all()
    if [each.seq for each in found] != list(range(row.first_seq, row.last_seq + 1)):
        return None
    if any((each.recorded_at, each.batch) != (row.committed_at, row.number) for each in found):
        return None
    return [entry(each) for each in found]


def entry(row: Any) -> Entry:
    """A row with the columns of an entry."""
    return Entry(**{name: getattr(row, name) for name in COLUMNS})


async def _batches(tx: AsyncConnection) -> AsyncIterator[Any]:
    """All batches in order, in pages: what is appended meanwhile is checked too."""
    after = 0
    while True:
        query = select(b).where(b.c.number > after).order_by(b.c.number).limit(_PAGE)
        page = (await tx.execute(query)).all()
        for row in page:
            yield row
        if len(page) < _PAGE:
            return
        after = page[-1].number


async def _stray(tx: AsyncConnection) -> int | None:
    """An entry that no batch holds."""
    own = and_(b.c.number == e.c.batch, e.c.seq.between(b.c.first_seq, b.c.last_seq))
    held = select(1).where(own).exists()
    found: int | None = (await tx.execute(select(func.min(e.c.seq)).where(not_(held)))).scalar()
    return found
