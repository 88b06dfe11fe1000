"""How far each Subscription has come: its counter of events, its status, and its delivery.

Lock order: the FHIR clock (``store.resources.lock``), the matcher's cursor, and rows of
Subscriptions last, by id. Nobody holds a row while waiting for the network: the matcher would
wait too.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import text
from sqlalchemy.engine import Row
from sqlalchemy.ext.asyncio import AsyncConnection

_MAX_ERROR_CHARS = 500


class Status(StrEnum):
    """https://hl7.org/fhir/R4/valueset-subscription-status.html."""

    REQUESTED = "requested"
    ACTIVE = "active"
    ERROR = "error"
    OFF = "off"


@dataclass(frozen=True, slots=True)
class State:
    """One Subscription's state; ``id`` is that of the resource.

    ``client`` is the subject of the token by which it was last asked for, ``scopes`` are what
    that token granted: what is sent is bounded by them, too. ``topic`` is the canonical URL of
    the topic, None for criteria in R4's style. Versions of resources stamped after ``since`` and
    up to ``ends`` count for it. ``events`` is the number of the last event, ``delivered`` that of
    the last one which its channel has taken. The rest is delivery's.
    """

    id: str
    client: str | None
    scopes: tuple[str, ...]
    status: Status
    channel: str
    topic: str | None
    since: datetime
    ends: datetime | None
    events: int
    delivered: int
    attempts: int
    failing_since: datetime | None
    next_try_at: datetime
    heartbeat_at: datetime | None
    error: str | None


@dataclass(frozen=True, slots=True)
class Asked:
    """What a client asks for, as far as rows tell it; ``status`` is requested or off."""

    id: str
    client: str | None
    scopes: tuple[str, ...]
    status: Status
    channel: str
    topic: str | None
    ends: datetime | None


COLUMNS = (
    "id, client, scopes, status, channel, topic, since, ends, events, delivered, attempts,"
    " failing_since, next_try_at, heartbeat_at, error"
)
# From off, what happened meanwhile does not count; otherwise the counting goes on unbroken.
_REQUEST = text(
    "INSERT INTO subscription"
    " (id, client, scopes, status, channel, topic, since, ends, next_try_at)"
    " VALUES (:id, :client, CAST(:scopes AS text[]), :status, :channel, :topic, :stamp,"
    " :ends, :now) ON CONFLICT (id) DO UPDATE SET client = excluded.client,"
    " scopes = excluded.scopes, status = excluded.status, channel = excluded.channel,"
    " topic = excluded.topic, ends = excluded.ends, since = CASE subscription.status"
    "  WHEN 'off' THEN excluded.since ELSE subscription.since END,"
    " attempts = 0, failing_since = NULL, next_try_at = excluded.next_try_at,"
    " heartbeat_at = NULL, error = NULL"
)
_TURN = text("UPDATE subscription SET status = :status, error = :error WHERE id = :id")
_REMOVE = text("DELETE FROM subscription WHERE id = :id")
_READ = text(
    f"SELECT {COLUMNS} FROM subscription"  # noqa: S608 (names of ours)
    " WHERE id = ANY (CAST(:ids AS text[])) ORDER BY id"
)
_ENDED = text("SELECT id FROM subscription WHERE ends <= :now AND status <> 'off' ORDER BY id")
_LISTING = text(
    f"SELECT {COLUMNS} FROM subscription ORDER BY id LIMIT :count"  # noqa: S608 (names of ours)
)
_COUNTING = text(
    "SELECT s.*, r.version FROM subscription s JOIN resource r ON r.type = 'Subscription'"
    " AND r.id = s.id AND NOT r.deleted WHERE s.status <> 'off' ORDER BY s.id"
)


def state(row: Row[Any]) -> State:
    """A row with ``COLUMNS``."""
    values = {name: row._mapping[name] for name in State.__slots__}
    return State(**values | {"status": Status(row.status), "scopes": tuple(row.scopes)})


async def request(tx: AsyncConnection, asked: Asked, stamp: datetime, now: datetime) -> None:
    """Make a Subscription's row, or let it start anew, to be shaken hands with; or put it off.

    ``stamp`` is that of the resource's version. The counter goes on where it was; what came
    while it was in error was counted, what came while it was off was not.
    """
    row = {
        "id": asked.id,
        "client": asked.client,
        "scopes": list(asked.scopes),
        "status": asked.status.value,
        "channel": asked.channel,
        "topic": asked.topic,
        "ends": asked.ends,
    }
    await tx.execute(_REQUEST, row | {"stamp": stamp, "now": now})


async def turn(tx: AsyncConnection, id_: str, status: Status, error: str | None = None) -> None:
    """Note another status, and of an error what went wrong (see fhir.subscriptions.turns)."""
    told = None if error is None else error[:_MAX_ERROR_CHARS]
    await tx.execute(_TURN, {"id": id_, "status": status.value, "error": told})


async def remove(tx: AsyncConnection, id_: str) -> None:
    """Forget a Subscription and its events."""
    await tx.execute(_REMOVE, {"id": id_})


async def read(tx: AsyncConnection, id_: str) -> State | None:
    """How it stands; None if it is not known."""
    found = await read_many(tx, [id_])
    return found[0] if found else None


async def read_many(tx: AsyncConnection, ids: Sequence[str]) -> list[State]:
    """Those of ``ids`` that are known, by id."""
    return [state(row) for row in await tx.execute(_READ, {"ids": list(ids)})]


async def counting(tx: AsyncConnection) -> list[tuple[State, int]]:
    """All whose events are counted, and the resource's version: all but those that are off."""
    return [(state(row), row.version) for row in await tx.execute(_COUNTING)]


async def listing(tx: AsyncConnection, count: int) -> list[State]:
    """Up to ``count`` of all, by id."""
    return [state(row) for row in await tx.execute(_LISTING, {"count": count})]


async def ended(tx: AsyncConnection, now: datetime) -> list[str]:
    """The ids of those whose end has come, and that are not off yet."""
    return list((await tx.execute(_ENDED, {"now": now})).scalars())
