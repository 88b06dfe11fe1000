"""Refused frames, kept aside for an administrator: bounded per device, the oldest go first."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, delete, func, select, true
from sqlalchemy.ext.asyncio import AsyncConnection

from core.errors import NotFound
from store.database import driver
from store.tables import quarantine

FRAME_MAX_BYTES = 4096
"""What is kept of a frame; a real one has 462 bytes."""
TOPIC_MAX_CHARS = 256

# Strangers' frames go under no device: they share one bound, however many names they make up.
_KEEP = """
INSERT INTO quarantine (topic, device_id, reason, detail, frame)
SELECT given.topic, d.id, given.reason, given.detail, given.frame
FROM unnest($1::text[], $2::uuid[], $3::text[], $4::text[], $5::bytea[])
    WITH ORDINALITY AS given (topic, device_id, reason, detail, frame, place)
LEFT JOIN device d ON d.id = given.device_id
ORDER BY given.place
RETURNING device_id
"""
_TRIM = """
WITH doomed AS (
    SELECT q.id FROM unnest($1::uuid[]) AS given (device_id)
    CROSS JOIN LATERAL (
        SELECT id FROM quarantine WHERE device_id = given.device_id
        ORDER BY id DESC OFFSET $2 LIMIT 1
    ) AS oldest
    JOIN quarantine q ON q.device_id = given.device_id AND q.id <= oldest.id
    ORDER BY q.id FOR UPDATE OF q SKIP LOCKED
)
DELETE FROM quarantine WHERE id IN (SELECT id FROM doomed)
"""
_TRIM_STRANGERS = """
WITH doomed AS (
    SELECT id FROM quarantine WHERE device_id IS NULL AND id <= (
        SELECT id FROM quarantine WHERE device_id IS NULL ORDER BY id DESC OFFSET $1 LIMIT 1
    )
    ORDER BY id FOR UPDATE SKIP LOCKED
)
DELETE FROM quarantine WHERE id IN (SELECT id FROM doomed)
"""


@dataclass(frozen=True, slots=True)
class Refused:
    """A frame to keep aside. ``device_id`` is who sent it, as far as we know."""

    topic: str
    device_id: UUID | None
    reason: str
    detail: str
    frame: bytes


@dataclass(frozen=True, slots=True)
class Quarantined:
    """A frame that was kept aside."""

    id: int
    received_at: datetime
    topic: str
    device_id: UUID | None
    reason: str
    detail: str
    frame: bytes


async def keep(tx: AsyncConnection, refused: Sequence[Refused], max_per_device: int) -> int:
    """Keep frames aside, the newest ``max_per_device`` per device; how many older ones went.

    All frames whose sender is no device of ours count as one device's.
    """
    if not refused:
        return 0
    connection = await driver(tx)
    rows = await connection.fetch(
        _KEEP,
        [_printable(r.topic)[:TOPIC_MAX_CHARS] for r in refused],
        [r.device_id for r in refused],
        [r.reason for r in refused],
        [_printable(r.detail) for r in refused],
        [r.frame[:FRAME_MAX_BYTES] for r in refused],
    )
    senders = {row[0] for row in rows}
    dropped = 0
    if known := sorted(senders - {None}):
        dropped += _count(await connection.execute(_TRIM, known, max_per_device))
    if None in senders:
        dropped += _count(await connection.execute(_TRIM_STRANGERS, max_per_device))
    return dropped


def _printable(given: str) -> str:
    """Text that Postgres can store: no NUL, no half of a surrogate pair."""
    return given.replace("\0", "\\0").encode("utf-8", "backslashreplace").decode()


def _count(command_tag: str) -> int:
    return int(command_tag.rsplit(" ", 1)[-1])


async def listing(
    tx: AsyncConnection, limit: int, device_id: UUID | None = None
) -> list[Quarantined]:
    """Up to ``limit`` kept frames, the latest first, of one device or of all."""
    query = select(quarantine).where(_of(device_id)).order_by(quarantine.c.id.desc()).limit(limit)
    return [Quarantined(**row) for row in (await tx.execute(query)).mappings()]


async def count(tx: AsyncConnection, device_id: UUID | None = None) -> int:
    """How many frames are kept, of one device or of all."""
    query = select(func.count()).select_from(quarantine).where(_of(device_id))
    return (await tx.execute(query)).scalar_one()


async def release(tx: AsyncConnection, frame_id: int) -> Quarantined:
    """Take one frame out, to be offered to ingest again. Raises NotFound."""
    taken = delete(quarantine).where(quarantine.c.id == frame_id).returning(*quarantine.c)
    row = (await tx.execute(taken)).mappings().one_or_none()
    if row is None:
        raise NotFound(f"no frame {frame_id} in quarantine")
    return Quarantined(**row)


async def discard(tx: AsyncConnection, device_id: UUID | None = None) -> int:
    """Delete the kept frames of one device, or all of them; how many they were."""
    return (await tx.execute(delete(quarantine).where(_of(device_id)))).rowcount


def _of(device_id: UUID | None) -> ColumnElement[bool]:
    return true() if device_id is None else quarantine.c.device_id == device_id
