"""The matcher: each version of a resource is held against all Subscriptions, once.

One transaction takes the cursor, reads the versions that follow, gives Subscriptions their
numbered events and moves the cursor on: killed at any moment, it is as if it had not begun. Of
several processes one is at work at a time, any. While there are no Subscriptions, the cursor
follows the clock and no version is read.
"""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import structlog

from alerting.subscriptions.batches import Batch, batch
from alerting.subscriptions.metrics import EVENTS, MATCHED_SECONDS
from alerting.subscriptions.standing import Interest, Standing
from core.errors import Unavailable
from fhir.subscriptions.matching import Seen, is_wanted, seen
from fhir.subscriptions.turns import turn
from store import resources
from store.database import Database, Transaction
from store.subscriptions import cursor, events, state
from store.subscriptions.cursor import Written
from store.subscriptions.events import Happened, Trigger
from store.subscriptions.state import Status

KEPT = timedelta(days=7)
"""How long events can be asked for by ``$events``."""
BATCH = 500
RETRY_S = 5.0
_TIDY_S = 60.0
_PRUNED = 10_000
log = structlog.get_logger(__name__)


def _utc_now() -> datetime:
    return datetime.now(UTC)


class Matcher:
    """Numbers events; ``now`` is the time by which they are kept and Subscriptions end."""

    def __init__(
        self,
        database: Database,
        *,
        now: Callable[[], datetime] = _utc_now,
        poll_s: float = 1.0,
        count: int = BATCH,
    ) -> None:
        self._database = database
        self._now = now
        self._poll_s = poll_s
        self._count = count
        self._standing = Standing()
        self._tidied: datetime | None = None

    async def run(self, stop: asyncio.Event) -> None:
        """Match until ``stop`` is set; while the database is away, wait for it."""
        wake = self._database.listen("resource")
        stopped = asyncio.create_task(stop.wait(), name="matcher-stop")
        try:
            while not stop.is_set():
                try:
                    await self._tidy_at_times()
                    if await self.turn():
                        continue
                    pause = wake.wait(self._poll_s)
                except Exception as error:
                    # Nothing but ``stop`` ends a matcher: nobody would be told of anything.
                    away = isinstance(error, Unavailable)
                    log.error("matcher.waits", error=str(error), exc_info=not away)
                    pause = wake.wait(RETRY_S)
                paused = asyncio.create_task(pause, name="matcher-pause")
                await asyncio.wait({paused, stopped}, return_when=asyncio.FIRST_COMPLETED)
                paused.cancel()
        finally:
            stopped.cancel()

    async def turn(self) -> bool:
        """One batch in one transaction; whether there may be more."""
        async with self._database.transaction() as tx:
            after = await cursor.claim(tx)
            clock = await resources.latest_stamp(tx)
            if after is None or clock is None or clock <= after:
                return False
            interest = await self._standing.read(tx)
            found = await self._batch(tx, interest, after, clock)
            told = await self._append(tx, interest, found)
            await cursor.advance(tx, found.until)
            if told:
                await self._database.notify(tx, "event")
        self._count_told(told)
        await self._tell_of_broken()
        return found.until < clock

    async def _batch(
        self, tx: Transaction, interest: Interest, after: datetime, clock: datetime
    ) -> Batch:
        if not interest.types:
            return Batch((), clock)
        return await batch(tx, interest.types, after, clock, self._count)

    async def _append(self, tx: Transaction, interest: Interest, found: Batch) -> list[Happened]:
        happened: dict[str, list[Happened]] = {}
        for written in found.versions:
            for one in _wanting(written, interest):
                happened.setdefault(one, []).append(_happened(written))
        if not happened:
            return []
        there = await events.append(tx, happened, self._now())
        return [each for id_ in there for each in happened[id_]]

    def _count_told(self, told: list[Happened]) -> None:
        now = self._now()
        EVENTS.inc(len(told))
        for each in told:
            MATCHED_SECONDS.observe(max(0.0, (now - each.stamp).total_seconds()))

    async def _tell_of_broken(self) -> None:
        """Subscriptions that this release no longer supports are in error, and say why."""
        for id_, reason in self._standing.broken():
            async with self._database.transaction() as tx:
                await turn(tx, id_, Status.ERROR, reason)
                await self._database.notify(tx, "resource")
            log.error("matcher.subscription_broken", subscription=id_)

    async def _tidy_at_times(self) -> None:
        now = self._now()
        if self._tidied is not None and (now - self._tidied).total_seconds() < _TIDY_S:
            return
        await self.tidy()
        self._tidied = now

    async def tidy(self) -> None:
        """End Subscriptions whose time has come, and forget events that are old."""
        now = self._now()
        async with self._database.transaction() as tx:
            over = await state.ended(tx, now)
        for id_ in over:
            async with self._database.transaction() as tx:
                await turn(tx, id_, Status.OFF)
                await self._database.notify(tx, "resource")
        forgotten = _PRUNED
        while forgotten == _PRUNED:
            async with self._database.transaction() as tx:
                forgotten = await events.prune(tx, now - KEPT, _PRUNED)


def _wanting(written: Written, interest: Interest) -> list[str]:
    """The ids of those that want a version; it is read only if somebody may."""
    candidates = list(interest.of(written.document))
    version = _seen(written) if candidates else None
    return [one.id for one in candidates if version is not None and is_wanted(one.wanted, version)]


def _seen(written: Written) -> Seen | None:
    """A version as it is judged; None, and loudly, where that cannot be told."""
    document = written.document
    content = written.before if document.deleted else document.body
    try:
        return seen(
            document.type,
            document.id,
            document.last_updated,
            content or b"",
            is_deletion=document.deleted,
        )
    except Exception as error:
        # Whatever is in one resource, the others are to be told. What is told names nobody.
        log.error(
            "matcher.left_out", type=document.type, id=document.id, error=type(error).__name__
        )
        return None


def _happened(written: Written) -> Happened:
    document = written.document
    trigger = Trigger.CREATE if written.is_new else Trigger.UPDATE
    return Happened(
        document.type,
        document.id,
        document.version,
        Trigger.DELETE if document.deleted else trigger,
        document.patient_id,
        document.last_updated,
    )
