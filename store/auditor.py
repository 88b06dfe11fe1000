"""The auditor: entries of many requests committed together, each waited for.

While one batch is on its way, the entries of others gather for the next one, so that the cost of
a commit is shared. To fetch a connection costs twice as much as a batch: it is kept for LINGER_S
after the last one. Nothing runs while there is nothing to write.
"""

import asyncio
import time
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from itertools import chain
from typing import Any

import structlog

from core.audit import Entry, Head
from core.errors import Unavailable
from store import audit
from store.database import Database

MAX_ENTRIES = 20_000
"""Waiting at most; beyond, requests are turned away."""
MAX_BATCH, MAX_BATCH_BYTES = 2_000, 4 << 20
"""Entries of one batch, and bytes of the requests that they tell of.

A page of a thousand patients tells of its request a thousand times: what a stranger makes long
must neither be more than a statement holds or writes in time, nor keep others waiting for it.
"""
LINGER_S = 0.1
COMPLAIN_S = 5.0
"""Between two log lines that tell that nothing can be written."""
WITNESS_S = 60.0
"""Between two log lines that tell the chain's head."""
_AWAY = "the audit trail cannot be written"
_log = structlog.get_logger(__name__)


class _Waiting:
    """What one request has to say, and when it is committed."""

    __slots__ = ("done", "entries", "n_bytes")

    def __init__(self, entries: Sequence[Entry]) -> None:
        self.entries = entries
        self.n_bytes = sum(len(entry.request) for entry in entries)
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()


class Auditor:
    """Writes entries to the audit trail of ``database``."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._chain = audit.Chain()
        self._queue: deque[_Waiting] = deque()
        self._queued = 0
        self._writer: asyncio.Task[None] | None = None
        self._wake = asyncio.Event()
        self._next_witness = self._next_complaint = float("-inf")

    async def record(self, entries: Sequence[Entry]) -> None:
        """Return once ``entries`` are committed. Raises Unavailable if nobody knows that.

        A batch has LIMIT_S, so that an answer waits for its own and the one before at most. What
        is more than a batch goes into several, and gets in line anew for each.
        An entry may then be there all the same: the trail may tell of an answer that was held
        back, and never lacks one that left.
        """
        step = _fitting(entries)
        for begin in range(0, len(entries), step):
            await self._written(entries[begin : begin + step])

    async def _written(self, entries: Sequence[Entry]) -> None:
        if self._queue and self._queued + len(entries) > MAX_ENTRIES:
            raise Unavailable(_AWAY)
        waiting = _Waiting(entries)
        self._queue.append(waiting)
        self._queued += len(entries)
        self._wake.set()
        if self._writer is None or self._writer.done():
            self._writer = asyncio.create_task(self._write(), name="auditor")
        await waiting.done

    async def _write(self) -> None:
        """Write batches until the queue is empty; one that fails fails all that wait."""
        now = asyncio.get_running_loop().time
        while self._queue:
            try:
                async with (
                    asyncio.timeout(audit.LIMIT_S) as limit,
                    self._database.connection() as connection,
                ):
                    while self._queue:
                        limit.reschedule(now() + audit.LIMIT_S)
                        await self._write_batch(connection)
                        await self._more()
            except Exception as error:
                self._complain(error)
                self._fail(error)

    def _complain(self, error: Exception) -> None:
        """Log it, now and then: while the database is away every request fails."""
        now = time.monotonic()
        if now >= self._next_complaint:
            self._next_complaint = now + COMPLAIN_S
            _log.error("audit trail not written", error=str(error))

    async def _more(self) -> None:
        """Return once there is more to write, or none has come for a while."""
        self._wake.clear()
        if not self._queue:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), LINGER_S)

    async def _write_batch(self, connection: Any) -> None:
        batch = self._next()
        try:
            await self._append(connection, batch)
        except BaseException:
            self._queue.extendleft(reversed(batch))
            raise

    async def _append(self, connection: Any, batch: Sequence[_Waiting]) -> None:
        """Write a batch; what the database refuses is sought, and fails alone."""
        entries = [*chain.from_iterable(waiting.entries for waiting in batch)]
        try:
            self._witness(await self._chain.append(connection, entries))
        except audit.REFUSED as error:
            if len(batch) == 1:
                self._complain(error)
                _resolve(batch[0], _unwritten(error))
                return
            middle = len(batch) // 2
            await self._append(connection, batch[:middle])
            await self._append(connection, batch[middle:])
            return
        for waiting in batch:
            _resolve(waiting, None)

    def _witness(self, head: Head) -> None:
        """Tell the head in the log, now and then: a log kept elsewhere remembers it."""
        now = time.monotonic()
        if now >= self._next_witness:
            self._next_witness = now + WITNESS_S
            _log.info("audit trail", head=str(head))

    def _next(self) -> list[_Waiting]:
        batch = [self._queue.popleft()]
        size, n_bytes = len(batch[0].entries), batch[0].n_bytes
        while self._queue:
            size, n_bytes = size + len(self._queue[0].entries), n_bytes + self._queue[0].n_bytes
            if size > MAX_BATCH or n_bytes > MAX_BATCH_BYTES:
                break
            batch.append(self._queue.popleft())
        self._queued -= sum(len(waiting.entries) for waiting in batch)
        return batch

    def _fail(self, error: Exception) -> None:
        for waiting in self._queue:
            _resolve(waiting, _unwritten(error))
        self._queue.clear()
        self._queued = 0


def _fitting(entries: Sequence[Entry]) -> int:
    """How many of one request's entries go into a batch; they all tell of the same request."""
    longest = max((len(entry.request) for entry in entries), default=0)
    return min(MAX_BATCH, max(1, MAX_BATCH_BYTES // max(longest, 1)))


def _unwritten(error: Exception) -> Unavailable:
    unwritten = Unavailable(_AWAY)
    unwritten.__cause__ = error
    return unwritten


def _resolve(waiting: _Waiting, error: Exception | None) -> None:
    if waiting.done.done():
        return
    if error is None:
        waiting.done.set_result(None)
    else:
        waiting.done.set_exception(error)
        waiting.done.exception()  # read: who waited may have gone
