"""The matcher's place in the stream of versions: one cursor on the FHIR clock.

Stamps are strictly increasing and become visible in their own order (store.resources), so what
is stamped after the cursor is what has not been matched, whoever wrote it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from store.resources import Document, document


@dataclass(frozen=True, slots=True)
class Written:
    """A version. ``is_new`` says that there was none before, or that it had been deleted.

    Of a deletion, ``before`` is the body of what was deleted.
    """

    document: Document
    is_new: bool
    before: bytes | None


# Where nothing has been matched yet, it begins with the first Subscription, or now.
_BEGIN = text(
    "INSERT INTO subscription_cursor (stamp)"
    " SELECT coalesce((SELECT min(since) FROM subscription), stamp) FROM fhir_clock"
    " ON CONFLICT DO NOTHING"
)
_CLAIM = text("SELECT stamp FROM subscription_cursor FOR UPDATE SKIP LOCKED")
_ADVANCE = text("UPDATE subscription_cursor SET stamp = :stamp")
_BEHIND = text(
    "SELECT c.stamp AS clock, s.stamp AS cursor FROM fhir_clock c LEFT JOIN subscription_cursor s"
    " ON true"
)
_COLUMNS = "type, id, version, last_updated, deleted, body, render, patient_id"
_RANGE = (
    "SELECT found.* FROM unnest(CAST(:types AS text[])) AS wanted (type) CROSS JOIN LATERAL"
    " (SELECT {columns} FROM {table} WHERE type = wanted.type AND last_updated > :after"
    " AND last_updated <= :until ORDER BY last_updated, id LIMIT :count) AS found"
)
# A version before stands in the history; LIMIT keeps the planner to one index look-up for each.
_VERSIONS = text(
    f"SELECT v.*, p.deleted AS was_deleted, p.body AS before FROM ("  # noqa: S608 (ours)
    f" {_RANGE.format(columns=_COLUMNS, table='resource')} UNION ALL"
    f" {_RANGE.format(columns=_COLUMNS, table='resource_version')}) AS v"
    " LEFT JOIN LATERAL (SELECT deleted, CASE WHEN v.deleted THEN body END AS body"
    "  FROM resource_version WHERE type = v.type AND id = v.id AND version = v.version - 1"
    "  LIMIT 1) AS p ON true"
    " ORDER BY v.last_updated, v.type, v.id, v.version LIMIT :count"
)
ALL = 2**31 - 1


async def claim(tx: AsyncConnection) -> datetime | None:
    """The stamp up to which all is matched, for this transaction alone; None if it is taken.

    None too before the first resource.
    """
    found: datetime | None = (await tx.execute(_CLAIM)).scalar_one_or_none()
    if found is None:
        await tx.execute(_BEGIN)
        found = (await tx.execute(_CLAIM)).scalar_one_or_none()
    return found


async def advance(tx: AsyncConnection, stamp: datetime) -> None:
    """All up to ``stamp`` is matched."""
    await tx.execute(_ADVANCE, {"stamp": stamp})


async def behind_s(tx: AsyncConnection) -> float:
    """How far the cursor is behind the FHIR clock, in seconds of stamps."""
    row = (await tx.execute(_BEHIND)).one_or_none()
    if row is None or row.cursor is None:
        return 0.0
    return max(0.0, float((row.clock - row.cursor).total_seconds()))


async def versions(
    tx: AsyncConnection, types: Sequence[str], after: datetime, until: datetime, count: int
) -> list[Written]:
    """Up to ``count`` versions stamped after ``after`` and up to ``until``, oldest first.

    Of versions that share a stamp, types and ids give the order.
    """
    asked = {"types": list(types), "after": after, "until": until, "count": count}
    return [
        Written(
            document(row),
            row.version == 1 or bool(row.was_deleted),
            None if row.before is None else bytes(row.before),
        )
        for row in await tx.execute(_VERSIONS, asked)
    ]
