"""Messages to care teams: put out with what causes them, sent by whoever claims them.

A claim is a lease: no transaction is open while a message is on its way, and one whose sender
died is due again when the lease is over. Those about one alarm to one address go in order.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

import orjson
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from core.alerts import AlertKind, Priority
from core.errors import NotFound
from core.messages import Addressed, ChannelKind, Message, MessageEvent

MAX_ERROR_CHARS = 500
_MINUTE = timedelta(minutes=1)
_WAIT_MAX = timedelta(minutes=15)
"""What is due later than this was put off by a clock that has since been put back."""


@dataclass(frozen=True, slots=True)
class Claimed:
    """A message that its sender has until the lease ends; ``attempts`` counts this one."""

    id: int
    sent: Addressed
    attempts: int
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Listed:
    """A message as an administrator sees it."""

    id: int
    alarm: str
    event: str
    channel: str
    address: str
    status: str
    attempts: int
    next_try_at: datetime
    error: str | None


_ADD = text(
    "INSERT INTO notification"
    " (alarm, patient_id, event, level, round, channel, address, message, created_at,"
    " next_try_at)"
    " VALUES (:alarm, :patient_id, :event, :level, :round, :channel, :address,"
    " CAST(:message AS jsonb), :now, :now) ON CONFLICT DO NOTHING"
)
_CLAIM = text(
    "WITH due AS (SELECT n.id FROM notification n WHERE n.status = 'waiting'"
    "  AND (n.next_try_at <= :now OR n.next_try_at > :late) AND n.channel = :channel"
    "  AND (n.message->>'priority' = 'high' OR :per_minute > (SELECT count(*) FROM notification s"
    "   WHERE s.channel = n.channel AND s.address = n.address AND s.status = 'sent'"
    "   AND s.sent_at > :since AND s.sent_at <= :now))"
    "  AND NOT EXISTS (SELECT FROM notification earlier WHERE earlier.status = 'waiting'"
    "   AND earlier.alarm = n.alarm AND earlier.channel = n.channel"
    "   AND earlier.address = n.address AND earlier.id < n.id)"
    "  ORDER BY n.message->>'priority' <> 'high', n.id LIMIT :limit FOR UPDATE OF n SKIP LOCKED)"
    " UPDATE notification n SET attempts = n.attempts + 1, next_try_at = :until"
    " FROM due WHERE n.id = due.id"
    " RETURNING n.id, n.message, n.patient_id, n.level, n.round, n.address, n.attempts,"
    " n.created_at"
)
_SENT = text(
    "UPDATE notification SET status = 'sent', receipt = :receipt, error = NULL, sent_at = :now"
    " WHERE id = :id AND status <> 'sent'"
)
# Only by the sender whose attempt was the last: another one may have it by now.
_FAILED = text(
    "UPDATE notification SET status = :status, error = :error, next_try_at = :next_try_at"
    " WHERE id = :id AND status = 'waiting' AND attempts = :attempts"
)
_OPEN = text(
    "SELECT id, alarm, event, channel, address, status, attempts, next_try_at, error"
    " FROM notification WHERE status <> 'sent' ORDER BY id LIMIT :limit"
)
_RESEND = text(
    "UPDATE notification SET status = 'waiting', next_try_at = :now, created_at = :now"
    " WHERE status = 'dead' AND (CAST(:id AS bigint) IS NULL OR id = :id) RETURNING id"
)
_PRUNE = text(
    "DELETE FROM notification WHERE id IN (SELECT id FROM notification"
    " WHERE status = 'sent' AND sent_at < :before ORDER BY sent_at LIMIT :limit)"
)
_COUNTS = text("SELECT status, count(*) FROM notification WHERE status <> 'sent' GROUP BY status")


async def put_out(tx: AsyncConnection, messages: Sequence[Addressed], now: datetime) -> None:
    """Put messages into the outbox, due from ``now``; one that is there already stays as it is."""
    rows = [
        {
            "alarm": addressed.message.alarm,
            "patient_id": addressed.patient_id,
            "event": addressed.message.event.value,
            "level": addressed.level,
            "round": addressed.round,
            "channel": addressed.channel.value,
            "address": addressed.address,
            "message": orjson.dumps(asdict(addressed.message)).decode(),
            "now": now,
        }
        for addressed in messages
    ]
    if rows:
        await tx.execute(_ADD, rows)


async def claim(
    tx: AsyncConnection,
    channel: ChannelKind,
    now: datetime,
    until: datetime,
    limit: int,
    per_minute: int,
) -> list[Claimed]:
    """Lease up to ``limit`` due messages until ``until``, past those that others claim.

    Those of high priority first; of the others none to an address that got ``per_minute`` within
    the last minute.
    """
    asked = {"channel": channel.value, "now": now, "late": now + _WAIT_MAX, "until": until,
             "limit": limit, "since": now - _MINUTE, "per_minute": per_minute}  # fmt: skip
    rows = await tx.execute(_CLAIM, asked)
    return sorted((_claimed(channel, *row) for row in rows), key=_id)


async def sent(tx: AsyncConnection, claimed: Claimed, receipt: str, now: datetime) -> bool:
    """Note that a message was taken, whoever has the lease by now; False where it was before."""
    done = await tx.execute(_SENT, {"id": claimed.id, "receipt": receipt, "now": now})
    return bool(done.rowcount)


async def failed(
    tx: AsyncConnection, claimed: Claimed, error: str, next_try_at: datetime, *, dead: bool
) -> bool:
    """Note that a message was not taken; False where another one has it by now.

    ``dead``: it will not be tried again.
    """
    told = {"id": claimed.id, "attempts": claimed.attempts, "error": error[:MAX_ERROR_CHARS],
            "next_try_at": next_try_at, "status": "dead" if dead else "waiting"}  # fmt: skip
    return bool((await tx.execute(_FAILED, told)).rowcount)


async def counts(tx: AsyncConnection) -> dict[str, int]:
    """Messages that wait and that are dead, by status."""
    return {row[0]: row[1] for row in await tx.execute(_COUNTS)}


async def unsent(tx: AsyncConnection, limit: int) -> list[Listed]:
    """Messages that wait or are dead, the oldest first."""
    return [Listed(*row) for row in await tx.execute(_OPEN, {"limit": limit})]


async def prune(tx: AsyncConnection, before: datetime, limit: int) -> int:
    """Forget up to ``limit`` messages that were taken before then; how many."""
    return (await tx.execute(_PRUNE, {"before": before, "limit": limit})).rowcount


async def resend(tx: AsyncConnection, id_: int | None, now: datetime) -> int:
    """Try a dead message (None: all) anew; how many. Raises NotFound where it is not dead."""
    found = (await tx.execute(_RESEND, {"id": id_, "now": now})).all()
    if id_ is not None and not found:
        raise NotFound(f"no message {id_} is dead")
    return len(found)


def _id(claimed: Claimed) -> int:
    return claimed.id


def _claimed(
    channel: ChannelKind,
    id_: int,
    message: dict[str, Any],
    patient_id: str,
    level: int,
    round_: int,
    address: str,
    attempts: int,
    created_at: datetime,
) -> Claimed:
    sent = Addressed(_message(message), patient_id, level, round_, channel, address)
    return Claimed(id_, sent, attempts, created_at)


def _message(told: dict[str, Any]) -> Message:
    return Message(
        **told
        | {
            "event": MessageEvent(told["event"]),
            "kind": AlertKind(told["kind"]),
            "priority": Priority(told["priority"]),
            "opened_at": datetime.fromisoformat(told["opened_at"]),
        }
    )
