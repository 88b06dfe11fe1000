"""The deliverer: brings numbered events to rest-hooks, in order, until each is taken.

Any number of processes run it. Each claims Subscriptions of which something is due (a lease in
the row, so one delivery of each at a time) and carries out many at once: a slow subscriber keeps
nobody else waiting. A process that dies leaves its leases to run out, and the same events go out
again: subscribers know them by their numbers. Nothing here makes a Subscription active that is
in error (https://hl7.org/fhir/uv/subscriptions-backport/STU1.1/errors.html).
"""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import uuid4

import structlog

from alerting.subscriptions import metrics
from alerting.subscriptions.attempt import Attempts, utc_now
from core.errors import Unavailable
from store.database import Database
from store.subscriptions import deliveries
from store.subscriptions.deliveries import Lease
from store.subscriptions.state import Status

AT_ONCE = 32
"""Deliveries in flight of one process."""
CLAIM = timedelta(seconds=30)
"""Of a lease until its subscriber's own time is known."""
RETRY_S = 5.0
STOP_S = 5.0
"""What deliveries in flight get to end."""
LOOK_S = 15.0
log = structlog.get_logger(__name__)


class Deliverer:
    """Delivers; ``now`` is the time by which things are due."""

    def __init__(
        self,
        database: Database,
        attempts: Attempts,
        *,
        now: Callable[[], datetime] = utc_now,
        poll_s: float = 1.0,
    ) -> None:
        self._database = database
        self._attempts = attempts
        self._now = now
        self._poll_s = poll_s
        self._running: set[asyncio.Task[None]] = set()
        self._look_at = float("-inf")

    async def run(self, stop: asyncio.Event) -> None:
        """Deliver until ``stop`` is set; while the database is away, wait for it."""
        wake = self._database.listen("event")
        stopped = asyncio.create_task(stop.wait(), name="deliverer-stop")
        try:
            while not stop.is_set():
                pause = wake.wait(self._poll_s)
                try:
                    await self.claim()
                    await self._look()
                except Exception as error:
                    # Nothing but ``stop`` ends a deliverer: nobody would be told of anything.
                    away = isinstance(error, Unavailable)
                    log.error("deliverer.waits", error=str(error), exc_info=not away)
                    pause.close()
                    pause = wake.wait(RETRY_S)
                paused = asyncio.create_task(pause, name="deliverer-pause")
                # Where one delivery has ended there may be more for the same subscriber.
                awaited = {paused, stopped, *self._running}
                await asyncio.wait(awaited, return_when=asyncio.FIRST_COMPLETED)
                paused.cancel()
        finally:
            stopped.cancel()
            await self._end()

    async def turn(self) -> bool:
        """Deliver what is due now, and wait until that has ended; whether there was anything."""
        claimed = await self.claim()
        if self._running:
            await asyncio.wait(self._running)
        return claimed > 0

    async def claim(self) -> int:
        """Begin with what is due, as much as may be in flight; how many deliveries that are."""
        free = AT_ONCE - len(self._running)
        if free <= 0:
            return 0
        now = self._now()
        async with self._database.transaction() as tx:
            leases = await deliveries.claim(tx, uuid4().hex, now, now + CLAIM, free)
        for lease in leases:
            task = asyncio.create_task(self._carry_out(lease), name="delivery")
            self._running.add(task)
            task.add_done_callback(self._running.discard)
        return len(leases)

    async def _carry_out(self, lease: Lease) -> None:
        try:
            await self._attempts.carry_out(lease)
        except Exception as error:
            # Its lease runs out; others must not suffer.
            away = isinstance(error, Unavailable)
            log.error(
                "deliverer.failed", subscription=lease.id, error=str(error), exc_info=not away
            )

    async def _end(self) -> None:
        """Let deliveries in flight end, or end them: what was not noted goes out again."""
        if self._running:
            _, late = await asyncio.wait(self._running, timeout=STOP_S)
            for task in late:
                task.cancel()
            if late:
                await asyncio.wait(late)

    async def _look(self) -> None:
        """Tell by metrics, now and then, how all fare."""
        now = asyncio.get_running_loop().time()
        if now < self._look_at:
            return
        self._look_at = now + LOOK_S
        async with self._database.transaction() as tx:
            found = await deliveries.standing(tx)
        for status in Status:
            metrics.STATUSES.labels(status.value).set(found.counts.get(status.value, 0))
        waits = None if found.oldest is None else self._now() - found.oldest
        metrics.LAG_SECONDS.set(0.0 if waits is None else max(0.0, waits.total_seconds()))
