"""The watch over running sessions: opens and closes the technical alerts that no strip tells of.

Any number of processes may run it; one of them decides at a time.
"""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime

import structlog

from alerting.technical import JUDGED, WatchLimits, conditions
from core.errors import Unavailable
from store import technical
from store.database import Database

TELL = "finding"
"""What wakes the publisher, as new findings do."""

log = structlog.get_logger(__name__)


def _now() -> datetime:
    return datetime.now(UTC)


class Watch:
    """Looks every ``look_s`` seconds by the clock ``now``."""

    def __init__(
        self,
        database: Database,
        limits: WatchLimits | None = None,
        look_s: float = 5.0,
        now: Callable[[], datetime] = _now,
    ) -> None:
        self._database, self._limits = database, limits or WatchLimits()
        self._look_s, self._now = look_s, now

    async def run(self, stop: asyncio.Event) -> None:
        """Watch until ``stop`` is set; while the database is away, wait for it."""
        while not stop.is_set():
            try:
                await self.turn()
            except Exception as error:
                # Whatever it was, the next look may succeed; nobody else watches.
                away = isinstance(error, Unavailable)
                log.error("watch.waits", error=str(error), exc_info=not away)
            try:
                async with asyncio.timeout(self._look_s):
                    await stop.wait()
            except TimeoutError:
                continue

    async def turn(self) -> int:
        """Look once: how many alerts opened or closed. Raises Unavailable."""
        now = self._now()
        async with self._database.transaction() as tx:
            if not await technical.lead(tx):
                return 0
            holding = {
                seen.session: conditions(seen, self._limits, now)
                for seen in await technical.watched(tx)
            }
            changed = await technical.settle(tx, now, JUDGED, holding)
            if changed:
                await self._database.notify(tx, TELL)
        return changed
