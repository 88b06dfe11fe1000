"""Alarms as an operator sees them."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection


@dataclass(frozen=True, slots=True)
class Listed:
    """A line of the list."""

    id: str
    patient_id: str
    kind: str
    priority: str
    state: str
    count: int
    opened_at: datetime
    last_seen_at: datetime
    level: int
    next_at: datetime | None


@dataclass(frozen=True, slots=True)
class Happened:
    """Something that has happened to an alarm, or a message about it; ``who`` did it, if known."""

    at: datetime
    what: str
    state: str
    who: str


_LIST = text(
    "SELECT id, patient_id, kind, priority, state, count, opened_at, last_seen_at, level, next_at"
    " FROM alarm WHERE (:all OR ended_at IS NULL)"
    " AND (CAST(:patient AS text) IS NULL OR patient_id = :patient)"
    " ORDER BY raised_at DESC, id LIMIT :limit"
)
_EVENTS = text(
    "SELECT at, event, state, coalesce(by, '') FROM alarm_event WHERE alarm = :alarm ORDER BY id"
)
_MESSAGES = text(
    "SELECT created_at, event || ' by ' || channel || ', level ' || level || ', round ' || round,"
    " status, address FROM notification WHERE alarm = :alarm ORDER BY id"
)


async def listing(
    tx: AsyncConnection, patient_id: str | None, limit: int, *, ended: bool
) -> list[Listed]:
    """Up to ``limit`` alarms, the last raised first; ``ended``: also those that are over."""
    asked = {"patient": patient_id, "limit": limit, "all": ended}
    return [Listed(*row) for row in await tx.execute(_LIST, asked)]


async def history(tx: AsyncConnection, alarm_id: str) -> list[Happened]:
    """What has happened to an alarm, in order; then the messages about it, in order."""
    named = {"alarm": alarm_id}
    events = [Happened(*row) for row in await tx.execute(_EVENTS, named)]
    return events + [Happened(*row) for row in await tx.execute(_MESSAGES, named)]
