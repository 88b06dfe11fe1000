"""Resources indexed anew in the order of their keys, a batch at a time.

What resources are found by changes with a release; those stored before would not be found by
what it adds. Where the work stands is a row, so it goes on after whoever did it has died. It
changes no version and no stamp. Locks are taken in one order: this row, then the FHIR clock.
"""

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import text
from sqlalchemy.engine import Row

from store import index_rows, resource_rows
from store.database import Transaction
from store.index import Index
from store.index_rows import Indexed

_BEGIN = text(
    "INSERT INTO reindexing (declarations) VALUES (:declarations)"
    " ON CONFLICT (id) DO UPDATE SET declarations = excluded.declarations,"
    " after_type = '', after_id = '', done = false"
    " WHERE :again OR reindexing.declarations <> excluded.declarations"
)
_CLAIM = text(
    "SELECT after_type, after_id FROM reindexing"
    " WHERE declarations = :declarations AND NOT done FOR UPDATE"
)
_NEXT = text(
    "SELECT type, id, body FROM resource"
    " WHERE (type, id) > (:after_type, :after_id) AND NOT deleted ORDER BY type, id LIMIT :count"
)
# A row that stays as it is costs no new one.
_UPDATE = text(
    "UPDATE resource r SET patient_id = new.patient_id, at = new.at, until = new.until,"
    " filters = CAST(new.filters AS bigint[])"
    " FROM unnest(CAST(:types AS text[]), CAST(:ids AS text[]), CAST(:patients AS text[]),"
    " CAST(:at AS timestamptz[]), CAST(:until AS timestamptz[]), CAST(:filters AS text[]))"
    " AS new (type, id, patient_id, at, until, filters)"
    " WHERE r.type = new.type AND r.id = new.id"
    " AND (r.patient_id, r.at, r.until, r.filters) IS DISTINCT FROM"
    " (new.patient_id, new.at, new.until, CAST(new.filters AS bigint[]))"
)
_MOVE = text("UPDATE reindexing SET after_type = :type, after_id = :id")
_DONE = text("UPDATE reindexing SET done = true")


async def begin(tx: Transaction, declarations: str, *, again: bool = False) -> None:
    """Start from the first resource if ``declarations`` are others than before, or ``again``."""
    await tx.execute(_BEGIN, {"declarations": declarations, "again": again})


async def step(
    tx: Transaction,
    declarations: str,
    indexed: Callable[[str, str, bytes], Index | None],
    count: int,
) -> int | None:
    """Index up to ``count`` resources anew; how many there were, None if there is nothing to do.

    ``indexed`` gets type, id and JSON; where it gives None, the old index stays. Writers wait
    until the transaction ends.
    """
    place = (await tx.execute(_CLAIM, {"declarations": declarations})).one_or_none()
    if place is None:
        return None
    await resource_rows.lock(tx)
    wanted = {"after_type": place.after_type, "after_id": place.after_id, "count": count}
    rows = (await tx.execute(_NEXT, wanted)).all()
    if not rows:
        await tx.execute(_DONE)
        return None
    await _replace(tx, rows, indexed)
    await tx.execute(_MOVE, {"type": rows[-1].type, "id": rows[-1].id})
    return len(rows)


async def _replace(
    tx: Transaction, rows: Sequence[Row[Any]], indexed: Callable[[str, str, bytes], Index | None]
) -> None:
    made = ((row.type, row.id, indexed(row.type, row.id, bytes(row.body))) for row in rows)
    found = [Indexed(type_, id_, index) for type_, id_, index in made if index is not None]
    await index_rows.remove(tx, [(each.type, each.id) for each in found])
    columns = {
        "types": [each.type for each in found],
        "ids": [each.id for each in found],
        "patients": [each.index.patient_id for each in found],
        "at": [each.index.at for each in found],
        "until": [each.index.until for each in found],
        "filters": [index_rows.filters(each.index) for each in found],
    }
    await tx.execute(_UPDATE, columns)
    await index_rows.add(tx, found)
