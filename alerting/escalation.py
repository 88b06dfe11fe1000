"""Escalation: what is due for alarms is done, once, whoever of several workers does it.

Timers are rows (``alarm.next_at``). A turn is one transaction: alarms are claimed, moved on, and
their messages, Flags and Tasks written with them; a worker that is killed has done nothing.
"""

import asyncio
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

import structlog

from core.alarms import life
from core.errors import Unavailable
from fhir.publishing.alarms import TIMER, commit
from store import alarms, resources
from store.database import Database, Transaction
from store.listener import Wake

BATCH = 64
"""Alarms per transaction, which holds everybody's writes of resources."""
POLL_S = 1.0
"""How long a lost wake-up call can delay anything."""
RETRY_S = 1.0

log = structlog.get_logger(__name__)


def _utc_now() -> datetime:
    return datetime.now(UTC)


class Escalation:
    """Moves alarms on as time passes; any number may run. ``base`` is the FHIR base of links."""

    def __init__(
        self,
        database: Database,
        base: str,
        *,
        poll_s: float = POLL_S,
        now: Callable[[], datetime] = _utc_now,
    ) -> None:
        self._database = database
        self._base = base
        self._poll_s = poll_s
        self._now = now

    async def run(self, stop: asyncio.Event) -> None:
        """Work until ``stop`` is set; while the database is away, wait for it."""
        wake = self._database.listen(TIMER)
        stopped = asyncio.create_task(stop.wait(), name="escalation-stop")
        try:
            while not stop.is_set():
                pause = asyncio.create_task(self._pause(wake), name="escalation-pause")
                await asyncio.wait({pause, stopped}, return_when=asyncio.FIRST_COMPLETED)
                pause.cancel()
        finally:
            stopped.cancel()

    async def _pause(self, wake: Wake) -> None:
        """Do what is due, and return when something may be due again."""
        try:
            while await self.turn():
                pass
            wait_s = await self._until_next_s()
        except Exception as error:
            log.error("escalation.waits", error=str(error),
                      exc_info=not isinstance(error, Unavailable))  # fmt: skip
            wait_s = RETRY_S
        await wake.wait(wait_s)

    async def turn(self) -> bool:
        """One transaction of what is due; whether there was anything."""
        now = self._now()
        async with self._database.transaction() as tx:
            if not await alarms.is_due(tx, now):
                return False
            # In this order, as everywhere: the clock, then alarms.
            await resources.lock(tx)
            due = await alarms.claim_due(tx, now, BATCH)
            moved = await self._moved(tx, due, now)
            if not moved:  # whatever is in one, it must not stop the others
                moved = any([await self._moved(tx, [name], now) for name in due])
            await self._database.notify(tx, "resource")
        return moved

    async def _moved(self, tx: Transaction, due: Sequence[str], now: datetime) -> bool:
        """Whether alarms have moved on; if not, nothing has been done for any."""
        if not due:
            return False
        try:
            async with tx.begin_nested():
                found = [life.put_back(each, now) for each in await alarms.get_many(tx, due)]
                steps = [life.elapsed(alarm, now) for alarm in found]
                await commit(tx, steps, now, self._base)
        except Exception:
            log.exception("escalation.alarms_not_moved", alarms=list(due))
            return False
        return True

    async def _until_next_s(self) -> float:
        async with self._database.transaction() as tx:
            due = await alarms.next_due(tx)
        if due is None:
            return self._poll_s
        wait_s = (due - self._now()).total_seconds()
        # What is due and was not done is not asked for again at once.
        return self._poll_s if wait_s <= 0 else min(wait_s, self._poll_s)
