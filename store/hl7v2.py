"""The outbox of HL7 v2 messages: written with the report, emptied by whoever sends.

A message is waiting until it is acknowledged, or held after it was refused too often. Those of
one stream (a patient) go out one after the other; of several senders each takes another stream.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from core.errors import NotFound

_MAX_ERROR_CHARS = 500


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message that its transaction holds until it ends."""

    id: int
    control_id: str
    text: str
    attempts: int
    refusals: int


@dataclass(frozen=True, slots=True)
class Sent:
    """A message as an administrator sees it: nothing of what it says."""

    control_id: str
    report_id: str
    version: int
    status: str
    attempts: int
    created_at: datetime
    next_try_at: datetime
    error: str | None


_ADD = text(
    "INSERT INTO hl7v2_message (control_id, report_id, version, stream, text)"
    " VALUES (:control_id, :report_id, :version, :stream, :text)"
    " ON CONFLICT (control_id) DO NOTHING"
)
_CLAIM = text(
    "SELECT m.id, m.control_id, m.text, m.attempts, m.refusals FROM hl7v2_message m"
    " WHERE m.status = 'waiting' AND m.next_try_at <= clock_timestamp()"
    " AND NOT EXISTS (SELECT FROM hl7v2_message earlier WHERE earlier.status = 'waiting'"
    "  AND earlier.stream = m.stream AND earlier.id < m.id)"
    " ORDER BY m.id LIMIT 1 FOR UPDATE OF m SKIP LOCKED"
)
_ACKNOWLEDGED = text(
    "UPDATE hl7v2_message SET status = 'acknowledged', acknowledged_at = clock_timestamp(),"
    " attempts = attempts + 1, text = NULL, error = NULL WHERE id = :id"
)
_FAILED = text(
    "UPDATE hl7v2_message SET attempts = attempts + 1, error = :error,"
    " refusals = refusals + :refused, status = :status,"
    " next_try_at = clock_timestamp() + CAST(:pause AS interval) WHERE id = :id"
)
_COUNTS = text("SELECT status, count(*) FROM hl7v2_message GROUP BY status ORDER BY status")
_OPEN = text(
    "SELECT control_id, report_id, version, status, attempts, created_at, next_try_at, error"
    " FROM hl7v2_message WHERE status IN ('waiting', 'held') ORDER BY id LIMIT :limit"
)
_RESEND = text(
    "UPDATE hl7v2_message SET status = 'waiting', refusals = 0, next_try_at = clock_timestamp()"
    " WHERE status IN ('waiting', 'held')"
    " AND (CAST(:control_id AS text) IS NULL OR control_id = :control_id) RETURNING control_id"
)


async def add(
    tx: AsyncConnection, control_id: str, report_id: str, version: int, stream: str, message: str
) -> None:
    """Put a message out; twice is the same as once."""
    await tx.execute(_ADD, {"control_id": control_id, "report_id": report_id, "version": version,
                            "stream": stream, "text": message})  # fmt: skip


async def claim(tx: AsyncConnection) -> Outgoing | None:
    """The next message that is due and the first of its stream; others skip it meanwhile."""
    row = (await tx.execute(_CLAIM)).one_or_none()
    return None if row is None else Outgoing(*row)


async def acknowledged(tx: AsyncConnection, id_: int) -> None:
    """Note that a claimed message has arrived; its text is not kept."""
    await tx.execute(_ACKNOWLEDGED, {"id": id_})


async def failed(
    tx: AsyncConnection, id_: int, error: str, pause_s: float, *, refused: bool, held: bool
) -> None:
    """Note that a claimed message has not arrived, or was refused; ``held``: no more tries."""
    told = {
        "id": id_,
        "error": error[:_MAX_ERROR_CHARS],
        "refused": int(refused),
        "pause": timedelta(seconds=pause_s),
        "status": "held" if held else "waiting",
    }
    await tx.execute(_FAILED, told)


async def counts(tx: AsyncConnection) -> dict[str, int]:
    """Messages by status."""
    return {row[0]: row[1] for row in await tx.execute(_COUNTS)}


async def unacknowledged(tx: AsyncConnection, limit: int) -> list[Sent]:
    """Messages that wait or are held, the oldest first."""
    return [Sent(*row) for row in await tx.execute(_OPEN, {"limit": limit})]


async def resend(tx: AsyncConnection, control_id: str | None) -> int:
    """Try a message (None: all) again now; how many. Raises NotFound for one that is not open."""
    found = (await tx.execute(_RESEND, {"control_id": control_id})).all()
    if control_id is not None and not found:
        raise NotFound(f"no message {control_id[:40]!r} waits or is held")
    return len(found)
