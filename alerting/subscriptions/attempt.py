"""One delivery to one rest-hook: what is due is made ready, sent, and noted as it ended.

The database is used before and after, never while the subscriber takes its time.
"""

import asyncio
import random
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import structlog

from alerting.subscriptions import backoff, metrics, post, signing
from alerting.subscriptions.post import NotTaken, Post
from core.errors import Forbidden, Unavailable, Unmet
from fhir.audit.notification import NO_ANSWER, entries
from fhir.subscriptions import sending
from fhir.subscriptions.notification import Kind
from fhir.subscriptions.sending import Asking, Notice, Render
from fhir.subscriptions.turns import turn
from fhir.validation.issue import Rejected
from store.auditor import Auditor
from store.database import Database, Transaction
from store.subscriptions import deliveries
from store.subscriptions.deliveries import Lease
from store.subscriptions.state import State, Status

AT_ONCE = 4
"""Deliveries that use the database at a time, of one process."""
SPARE = timedelta(seconds=20)
"""Of a lease, beyond the subscriber's time: for the trail and the database."""
ERROR_HEARTBEAT_MIN_S = 60
log = structlog.get_logger(__name__)


def utc_now() -> datetime:
    """The time by which things are due, unless a test has its own."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Road:
    """The way out: where we post to, what we sign with, and how resources are filled in.

    ``base_url`` is that of FHIR, without a slash at its end; ``root`` is the service's secret.
    """

    post: Post
    origins: Sequence[str]
    base_url: str
    root: bytes
    render: Render


@dataclass(frozen=True, slots=True)
class Ready:
    """A Subscription of which something is due, and that."""

    asked: Asking
    notice: Notice


class Attempts:
    """Carries out leases; ``share`` (0 to 1) spreads the pauses after failures."""

    def __init__(
        self,
        database: Database,
        auditor: Auditor,
        road: Road,
        now: Callable[[], datetime] = utc_now,
        share: Callable[[], float] = random.random,
    ) -> None:
        self._database = database
        self._auditor = auditor
        self._road = road
        self._now = now
        self._share = share
        self._at_database = asyncio.Semaphore(AT_ONCE)

    async def carry_out(self, lease: Lease) -> None:
        """Deliver what is due of a leased Subscription, once.

        Raises Unavailable without a database; then the lease runs out by itself.
        """
        async with self._at_database:
            ready = await self._ready(lease)
        if ready is None:
            return
        try:
            await self._send(ready)
        except NotTaken as error:
            await self._not_taken(lease, ready, error)
        else:
            await self._taken(lease, ready)

    async def _ready(self, lease: Lease) -> Ready | None:
        """What is due; None if there is nothing, or it has ended."""
        try:
            async with self._database.transaction() as tx:
                return await self._due(tx, lease)
        except Forbidden as error:
            await self._end(lease, Status.OFF, str(error))
        except Rejected as error:
            await self._end(lease, Status.ERROR, str(error))
        return None

    async def _due(self, tx: Transaction, lease: Lease) -> Ready | None:
        asked = await sending.asking(tx, lease.id)
        now = self._now()
        notice = None if asked is None else await self._notice(tx, asked, now)
        if asked is None or notice is None:
            await deliveries.release(tx, lease)
            return None
        until = now + timedelta(seconds=asked.wanted.timeout_s) + SPARE
        return Ready(asked, notice) if await deliveries.hold(tx, lease, until) else None

    async def _notice(self, tx: Transaction, asked: Asking, now: datetime) -> Notice | None:
        base, found = self._road.base_url, asked.state
        if found.status is Status.REQUESTED:
            return sending.plain(asked, Kind.HANDSHAKE, base, now)
        if found.status is Status.ACTIVE and found.events > found.delivered:
            # What was refused together may be taken piece by piece.
            count = max(1, asked.wanted.max_count >> min(found.attempts, 8))
            after = found.delivered
            with suppress(Unmet):
                return await sending.next_events(
                    tx, asked, after, count, base, now, self._road.render
                )
            log.error("deliverer.events_gone", subscription=found.id, after=after)
            await deliveries.taken(tx, found, found.events)
            return None
        if found.heartbeat_at is not None and found.heartbeat_at <= now:
            return sending.plain(asked, Kind.HEARTBEAT, base, now)
        return None

    async def _send(self, ready: Ready) -> None:
        """Raises NotTaken. What tells of patients is in the audit trail before and after."""
        asked, notice = ready.asked, ready.notice
        secret = signing.secret(self._road.root, asked.state.id)
        await self._audit(ready, None)
        status = NO_ANSWER
        try:
            status = await post.send(self._road.post, self._road.origins, secret, asked, notice)
        except NotTaken as error:
            status = error.status or NO_ANSWER
            raise
        finally:
            with suppress(Unavailable):  # that it may have left is written down
                await self._audit(ready, status)

    async def _audit(self, ready: Ready, status: int | None) -> None:
        if ready.notice.patients:
            place = ready.asked.wanted.endpoint or ""
            state, patients = ready.asked.state, ready.notice.patients
            await self._auditor.record(entries(state, place, patients, self._road.base_url, status))

    async def _taken(self, lease: Lease, ready: Ready) -> None:
        now, found = self._now(), ready.asked.state
        async with self._at_database, self._database.transaction() as tx:
            if ready.notice.kind is Kind.HANDSHAKE:
                await turn(tx, found.id, Status.ACTIVE, None, ready.asked.version)
                await self._database.notify(tx, "resource")
            if found.status is Status.ERROR:
                await deliveries.beat(tx, lease, _beats(ready.asked, now))
                return
            await deliveries.taken(tx, found, ready.notice.last)
            await deliveries.well(tx, lease, now, _beats(ready.asked, now))
        if ready.notice.oldest is not None:
            lag_s = (utc_now() - ready.notice.oldest).total_seconds()
            metrics.DELIVERED_SECONDS.observe(max(0.0, lag_s))

    async def _not_taken(self, lease: Lease, ready: Ready, error: NotTaken) -> None:
        now, found = self._now(), ready.asked.state
        log.warning(
            "notification not taken",
            subscription=found.id,
            error=str(error),
            attempt=found.attempts + 1,
        )
        if found.status is Status.ERROR:
            async with self._database.transaction() as tx:
                await deliveries.beat(tx, lease, _beats(ready.asked, now))
            return
        next_try = self._next_try(found, now, error)
        if ready.notice.kind is Kind.HANDSHAKE or next_try is None:
            await self._give_up(lease, ready, str(error))
            return
        async with self._at_database, self._database.transaction() as tx:
            await deliveries.failed(tx, lease, now, next_try, str(error))

    def _next_try(self, found: State, now: datetime, error: NotTaken) -> datetime | None:
        if error.is_final:
            return None
        since = found.failing_since or now
        return backoff.next_try(now, since, found.attempts + 1, self._share)

    async def _give_up(self, lease: Lease, ready: Ready, told: str) -> None:
        """In error: events go on being numbered, and only its client asks for it again."""
        if ready.notice.kind is Kind.HANDSHAKE:
            reason = f"the handshake was not taken: {told}"
        else:
            since = ready.asked.state.failing_since or self._now()
            reason = (
                f"not delivered since {since.isoformat(timespec='seconds')}: {told};"
                f" event {ready.asked.state.delivered + 1} is the first that was not taken"
            )
        await self._end(lease, Status.ERROR, reason, ready.asked)

    async def _end(
        self, lease: Lease, status: Status, reason: str, asked: Asking | None = None
    ) -> None:
        """Turn it, unless its client has asked anew meanwhile."""
        now = self._now()
        async with self._at_database, self._database.transaction() as tx:
            version = None if asked is None else asked.version
            if await turn(tx, lease.id, status, reason, version):
                log.error("deliverer.ended", subscription=lease.id, status=status, reason=reason)
            await self._database.notify(tx, "resource")
            await deliveries.beat(tx, lease, None if asked is None else _beats(asked, now, True))


def _beats(asked: Asking, now: datetime, in_error: bool = False) -> datetime | None:
    """When the next heartbeat is due, if any was asked for; in error they are rarer."""
    period_s = asked.wanted.heartbeat_s
    if period_s is None:
        return None
    if in_error or asked.state.status is Status.ERROR:
        period_s = max(period_s, ERROR_HEARTBEAT_MIN_S)
    return now + timedelta(seconds=period_s)
