"""Which Subscription is whose to deliver, and how its deliveries end.

A lease is a name in the row: one delivery of a Subscription at a time, in whichever process, and
nobody waits in a transaction for a subscriber. A lease that has run out is anybody's; whoever
held it changes nothing any more, except that what was taken stays taken.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import CursorResult, text
from sqlalchemy.ext.asyncio import AsyncConnection

from store.subscriptions.state import State

LEASE_MAX = timedelta(seconds=120)
"""A lease that ends later than this was made by a clock that has since been put back."""
WAIT_MAX = timedelta(minutes=15)
"""What is due later than this was put off by a clock that has since been put back."""
_MAX_FAILURE_CHARS = 200

_PUT_BACK = text(
    "UPDATE subscription SET next_try_at = :now,"
    " heartbeat_at = CASE WHEN heartbeat_at IS NULL THEN NULL ELSE CAST(:now AS timestamptz) END"
    " WHERE id IN (SELECT id FROM subscription WHERE next_try_at > :late"
    "  ORDER BY id FOR UPDATE SKIP LOCKED)"
)
_CLAIM = text(
    "UPDATE subscription SET lease = :lease, leased_until = :until WHERE id IN"
    " (SELECT id FROM subscription WHERE channel = 'rest-hook'"
    "  AND (lease IS NULL OR leased_until <= :now OR leased_until > :far)"
    "  AND ((status = 'requested' AND next_try_at <= :now)"
    "   OR (status = 'active' AND next_try_at <= :now"
    "    AND (events > delivered OR heartbeat_at <= :now))"
    "   OR (status = 'error' AND heartbeat_at <= :now))"
    "  ORDER BY next_try_at, id LIMIT :count FOR UPDATE SKIP LOCKED)"
    " RETURNING id"
)
_HOLD = text("UPDATE subscription SET leased_until = :until WHERE id = :id AND lease = :lease")
_RELEASE = text(
    "UPDATE subscription SET lease = NULL, leased_until = NULL WHERE id = :id AND lease = :lease"
)
# What a channel took is noted whoever holds the lease by now; the rest is the holder's.
_TAKEN = text(
    "UPDATE subscription SET delivered = GREATEST(delivered, LEAST(:last, events))"
    " WHERE id = :id AND since = :since"
)
_WELL = text(
    "UPDATE subscription SET attempts = 0, failing_since = NULL, last_failure = NULL,"
    " next_try_at = :now, heartbeat_at = :heartbeat_at, lease = NULL, leased_until = NULL"
    " WHERE id = :id AND lease = :lease"
)
_BEAT = text(
    "UPDATE subscription SET heartbeat_at = :heartbeat_at, lease = NULL, leased_until = NULL"
    " WHERE id = :id AND lease = :lease"
)
_FAILED = text(
    "UPDATE subscription SET attempts = attempts + 1, last_failure = :told,"
    " failing_since = COALESCE(failing_since, :now), next_try_at = :next_try_at,"
    " lease = NULL, leased_until = NULL"
    " WHERE id = :id AND lease = :lease"
)
_HASTEN = text(
    "UPDATE subscription SET next_try_at = :now WHERE id = :id"
    " AND status IN ('requested', 'active')"
)
_COUNTS = text("SELECT status, count(*) AS n FROM subscription GROUP BY status")
_OLDEST = text(
    "SELECT min(e.stamp) FROM subscription s JOIN subscription_event e"
    " ON e.subscription = s.id AND e.number = s.delivered + 1 WHERE s.status = 'active'"
)
_WAITING = text(
    "SELECT e.stamp, s.last_failure FROM subscription s LEFT JOIN subscription_event e"
    " ON e.subscription = s.id AND e.number = s.delivered + 1 WHERE s.id = :id"
)


@dataclass(frozen=True, slots=True)
class Lease:
    """Whose turn it is with one Subscription; ``name`` is of one claim."""

    id: str
    name: str

    @property
    def row(self) -> dict[str, str]:
        """Parameters of statements."""
        return {"id": self.id, "lease": self.name}


@dataclass(frozen=True, slots=True)
class Standing:
    """How many Subscriptions there are by status, and since when the oldest event waits."""

    counts: dict[str, int]
    oldest: datetime | None


async def claim(
    tx: AsyncConnection, name: str, now: datetime, until: datetime, count: int
) -> list[Lease]:
    """Up to ``count`` rest-hooks for which something is due, leased to ``name``."""
    await tx.execute(_PUT_BACK, {"now": now, "late": now + WAIT_MAX})
    asked = {"lease": name, "now": now, "until": until, "count": count, "far": now + LEASE_MAX}
    return [Lease(id_, name) for id_ in (await tx.execute(_CLAIM, asked)).scalars()]


async def hold(tx: AsyncConnection, lease: Lease, until: datetime) -> bool:
    """Prolong a lease; False if it is somebody else's by now."""
    result: CursorResult[tuple[()]] = await tx.execute(_HOLD, lease.row | {"until": until})
    return result.rowcount == 1


async def release(tx: AsyncConnection, lease: Lease) -> None:
    """Give it back; nothing was sent."""
    await tx.execute(_RELEASE, lease.row)


async def taken(tx: AsyncConnection, found: State, last: int) -> None:
    """Its channel has taken all events up to ``last``. The number never goes back.

    Nothing happens where another Subscription has its name by now: that one's numbers are others.
    """
    await tx.execute(_TAKEN, {"id": found.id, "since": found.since, "last": last})


async def well(
    tx: AsyncConnection, lease: Lease, now: datetime, heartbeat_at: datetime | None
) -> None:
    """An attempt went well: failures are forgotten."""
    await tx.execute(_WELL, lease.row | {"now": now, "heartbeat_at": heartbeat_at})


async def beat(tx: AsyncConnection, lease: Lease, heartbeat_at: datetime | None) -> None:
    """A heartbeat in error was tried; it changes nothing else."""
    await tx.execute(_BEAT, lease.row | {"heartbeat_at": heartbeat_at})


async def failed(
    tx: AsyncConnection, lease: Lease, now: datetime, next_try_at: datetime, told: str
) -> None:
    """An attempt failed, and why; the next one is at ``next_try_at``."""
    row = {"now": now, "next_try_at": next_try_at, "told": told[:_MAX_FAILURE_CHARS]}
    await tx.execute(_FAILED, lease.row | row)


async def hasten(tx: AsyncConnection, id_: str, now: datetime) -> bool:
    """Let the next attempt be now; False where none is to come."""
    result: CursorResult[tuple[()]] = await tx.execute(_HASTEN, {"id": id_, "now": now})
    return result.rowcount == 1


async def standing(tx: AsyncConnection) -> Standing:
    """How all of them fare."""
    counts = {row.status: row.n for row in await tx.execute(_COUNTS)}
    return Standing(counts, (await tx.execute(_OLDEST)).scalar_one_or_none())


async def waiting(tx: AsyncConnection, id_: str) -> tuple[datetime | None, str | None]:
    """When the first event was written that waits, and how the last attempt failed."""
    row = (await tx.execute(_WAITING, {"id": id_})).one_or_none()
    return (None, None) if row is None else (row.stamp, row.last_failure)
