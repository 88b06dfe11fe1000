"""The sender: takes messages about alarms from the outbox to care teams, until each is taken.

Every channel has a lane of its own, so that a slow one holds up no other. A message whose sender
dies in between goes out again with the same key: at least once.
"""

import asyncio
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import structlog
from prometheus_client import Counter, Histogram

from alerting.channels.channel import Channel, Refused
from core.errors import Unavailable
from core.messages import ChannelKind
from fhir.mapping.communication import Attempt, communication
from fhir.publishing.alarms import OUTBOX
from fhir.publishing.shelf import as_told, evidence, publish
from store import notifications
from store.database import Database, Transaction
from store.listener import Wake
from store.notifications import MAX_ERROR_CHARS, Claimed

LANE = 8
"""Messages of one channel on their way at once."""
LEASE_S = 60.0
"""Longer than any channel takes."""
PAUSE_MIN_S, PAUSE_MAX_S = 1.0, 300.0
RETRY_S = 1.0
TIDY_S = 3600.0
_PRUNED = 1000
ATTEMPTS = Counter("hisbundle_message_attempts", "Messages tried", ["channel", "result"])
SENT_SECONDS = Histogram(
    "hisbundle_message_sent_seconds",
    "Time from putting a message out until it was taken",
    ["channel"],
    buckets=(0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 30.0, 300.0, 3600.0, 86_400.0),
)

log = structlog.get_logger(__name__)


def _utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Patience:
    """For how long a message is tried and kept, how often an idle lane looks, in s; and pace.

    ``per_minute`` messages go to one address at most, those of high priority apart.
    """

    give_up_s: float = 86_400.0
    poll_s: float = 1.0
    kept_s: float = 7_776_000.0
    per_minute: int = 30


class Sender:
    """Empties the outbox; any number may run. A channel that is missing refuses its messages."""

    def __init__(
        self,
        database: Database,
        channels: Mapping[ChannelKind, Channel],
        patience: Patience | None = None,
        *,
        now: Callable[[], datetime] = _utc_now,
    ) -> None:
        self._database, self._channels = database, channels
        self._patience, self._now = patience or Patience(), now

    async def run(self, stop: asyncio.Event) -> None:
        """Send until ``stop`` is set; while the database is away, wait for it."""
        async with asyncio.TaskGroup() as lanes:
            # An ear for each lane: a call that an idle lane hears is not lost to a busy one.
            tasks = [
                lanes.create_task(self._lane(kind, self._database.listen(OUTBOX)))
                for kind in ChannelKind
            ]
            tasks.append(lanes.create_task(self._tidy_at_times()))
            await stop.wait()
            for task in tasks:
                task.cancel()

    async def _lane(self, kind: ChannelKind, wake: Wake) -> None:
        while True:
            try:
                busy = await self.turn(kind)
            except Exception as error:
                away = isinstance(error, Unavailable)
                log.error("sender.waits", channel=kind, error=str(error), exc_info=not away)
                await asyncio.sleep(RETRY_S)
                continue
            if not busy:
                await wake.wait(self._patience.poll_s)

    async def _tidy_at_times(self) -> None:
        while True:
            try:
                await self.tidy()
            except Unavailable as error:
                log.error("sender.waits", error=str(error))
            await asyncio.sleep(TIDY_S)

    async def tidy(self) -> None:
        """Forget messages that were taken long ago; their Communications stay."""
        before = self._now() - timedelta(seconds=self._patience.kept_s)
        forgotten = _PRUNED
        while forgotten == _PRUNED:
            async with self._database.transaction() as tx:
                forgotten = await notifications.prune(tx, before, _PRUNED)

    async def turn(self, kind: ChannelKind) -> bool:
        """Try what is due of one channel; whether there was anything."""
        now = self._now()
        until = now + timedelta(seconds=LEASE_S)
        async with self._database.transaction() as tx:
            pace = self._patience.per_minute
            claimed = await notifications.claim(tx, kind, now, until, LANE, pace)
        async with asyncio.TaskGroup() as group:
            for message in claimed:
                group.create_task(self._try(kind, message))
        return bool(claimed)

    async def _try(self, kind: ChannelKind, claimed: Claimed) -> None:
        try:
            receipt = await self._send(kind, claimed)
        except Refused as error:
            await self._failed(kind, claimed, str(error), refused=True)
        except Exception as error:
            if not isinstance(error, Unavailable):  # whatever is in one must not stop the others
                log.exception("sender.failed", channel=kind, message=claimed.id)
            await self._failed(kind, claimed, str(error) or type(error).__name__, refused=False)
        else:
            now = self._now()
            async with self._database.transaction() as tx:
                if await notifications.sent(tx, claimed, receipt, now):
                    await self._tell(tx, claimed, Attempt(claimed.attempts, now))
            ATTEMPTS.labels(kind.value, "sent").inc()
            waited_s = max((now - claimed.created_at).total_seconds(), 0.0)
            SENT_SECONDS.labels(kind.value).observe(waited_s)

    async def _send(self, kind: ChannelKind, claimed: Claimed) -> str:
        channel = self._channels.get(kind)
        if channel is None:
            raise Refused(f"the channel {kind.value} is not set up")
        key = f"notification-{claimed.id}"
        return await channel.send(claimed.sent.address, claimed.sent.message, key)

    async def _failed(
        self, kind: ChannelKind, claimed: Claimed, told: str, *, refused: bool
    ) -> None:
        now, told = self._now(), told[:MAX_ERROR_CHARS]
        old_s = (now - claimed.created_at).total_seconds()
        dead = refused or old_s >= self._patience.give_up_s
        pause_s = min(PAUSE_MIN_S * 2.0 ** min(claimed.attempts - 1, 20), PAUSE_MAX_S)
        next_try_at = now + timedelta(seconds=pause_s * random.uniform(0.5, 1.0))  # noqa: S311
        log.warning("message not taken", channel=kind, message=claimed.id, error=told,
                    attempt=claimed.attempts, dead=dead)  # fmt: skip
        ATTEMPTS.labels(kind.value, "dead" if dead else "failed").inc()
        async with self._database.transaction() as tx:
            if await notifications.failed(tx, claimed, told, next_try_at, dead=dead):
                await self._tell(tx, claimed, Attempt(claimed.attempts, now, told, dead))

    async def _tell(self, tx: Transaction, claimed: Claimed, attempt: Attempt) -> None:
        """In the same transaction as its mark: the attempt, as a version of a Communication."""
        body = communication(claimed.sent, attempt)
        await publish(tx, [(evidence(body), as_told)])
        await self._database.notify(tx, "resource")
