"""The ingest core behind both MQTT roads: judge, gather, commit, then acknowledge.

A frame is answered after the commit that stores it, never before. While the database or the
key vault is away nothing is answered and nothing is lost: frames wait here up to a bound,
then in the sockets, then in the devices.
"""

import asyncio
import contextlib
from collections import deque
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import structlog

from core.errors import Unavailable
from core.keyring import KeyRing
from ingest import metrics
from ingest.acknowledge import Acknowledger
from ingest.commit import Committed, commit
from ingest.frames import AckSink, Frame, Outcome, Refusal, refused
from ingest.judge import Judge, Refused, Verified
from ingest.patience import Patience
from store.database import Database

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class _Pending:
    frame: Frame
    verdict: Verified | Refused
    done: asyncio.Future[Outcome]

    def settle(self, outcome: Outcome) -> None:
        metrics.CHUNKS.labels(outcome.kind).inc()
        if outcome.refusal is not None:
            metrics.REFUSED.labels(outcome.refusal).inc()
            log.warning(
                "ingest.refused",
                device=str(self.verdict.sender),
                reason=str(outcome.refusal),
                detail=outcome.detail,
                topic=self.frame.topic[:80],
            )
        if not self.done.done():  # its connection may be gone meanwhile
            self.done.set_result(outcome)


class Ingest:
    """Takes frames and returns what became of them (``ingest.frames.ChunkSink``).

    ``async with`` runs the writer. The road that serves the devices sets ``ack_sink``.
    ``batch_max`` frames at most share a transaction, which waits ``linger_s`` for more of
    them; ``queue_max`` frames are held in memory; ``quarantine_max`` are kept per device.
    """

    def __init__(
        self,
        database: Database,
        keys: KeyRing,
        *,
        batch_max: int = 1000,
        linger_s: float = 0.005,
        queue_max: int = 4000,
        quarantine_max: int = 1000,
    ) -> None:
        self.ack_sink: AckSink | None = None
        self._database = database
        self._judge = Judge(database, keys)
        self._acknowledger = Acknowledger()
        self._batch_max, self._linger_s = batch_max, linger_s
        self._quarantine_max = quarantine_max
        self._slots = asyncio.Semaphore(queue_max)
        self._waiting: deque[_Pending] = deque()
        self._arrived = asyncio.Event()
        self._patience = Patience()
        self._writer: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._writer = asyncio.create_task(self._write(), name="ingest-writer")
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop at once: what is not committed is not answered, and stays with its sender."""
        writer, self._writer = self._writer, None
        if writer is not None:
            writer.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await writer
        self._patience.close()
        await self._acknowledger.close()
        self._slots.release()  # whoever waits for a slot finds out

    async def submit(self, frame: Frame) -> Outcome:
        """Take one frame and return once its outcome is committed.

        Waits while the queue is full, and while the database or the key vault is away.
        Raises Unavailable at shutdown.
        """
        verdict = await self._patience.until_available(lambda: self._judge.judge(frame))
        await self._slots.acquire()
        if self._writer is None:
            self._slots.release()  # so that the next one who waits finds out too
            raise Unavailable("ingest is not running")
        pending = _Pending(frame, verdict, asyncio.get_running_loop().create_future())
        self._waiting.append(pending)
        metrics.WAITING.inc()
        self._arrived.set()
        return await pending.done

    async def _write(self) -> None:
        batch: list[_Pending] = []
        try:
            while True:
                batch = await self._gather()
                await self._settle(batch)
                batch = []
        finally:
            metrics.WAITING.set(0)
            for pending in [*batch, *self._waiting]:
                if not pending.done.done():
                    pending.done.set_exception(Unavailable("ingest has stopped"))
            self._waiting.clear()

    async def _gather(self) -> list[_Pending]:
        """The next batch; while it waits for company, and while one commits, more arrive."""
        while not self._waiting:
            self._arrived.clear()
            await self._arrived.wait()
        if len(self._waiting) < self._batch_max:
            await asyncio.sleep(self._linger_s)
        size = min(len(self._waiting), self._batch_max)
        return [self._waiting.popleft() for _ in range(size)]

    async def _settle(self, batch: list[_Pending]) -> None:
        """Commit, answer, acknowledge; a frame that breaks the batch is found by halving."""
        try:
            committed = await self._patience.until_available(lambda: self._commit(batch))
        except Exception as error:
            if len(batch) > 1:
                await self._settle(batch[: len(batch) // 2])
                await self._settle(batch[len(batch) // 2 :])
                return
            unstorable = refused(Refusal.MALFORMED, f"cannot be stored: {error!r:.200}")
            committed = Committed([unstorable], [])
        self._answer(batch, committed)
        keys = {
            (p.verdict.chunk.device_id, p.verdict.chunk.session_id): p.verdict.keys.ack_key
            for p in batch
            if isinstance(p.verdict, Verified)
        }
        await self._acknowledger.send(self.ack_sink, committed.custody, keys)

    async def _commit(self, batch: list[_Pending]) -> Committed:
        judged = [(pending.frame, pending.verdict) for pending in batch]
        with metrics.COMMIT.time():
            return await commit(self._database, judged, self._quarantine_max)

    def _answer(self, batch: list[_Pending], committed: Committed) -> None:
        for pending, outcome in zip(batch, committed.outcomes, strict=True):
            pending.settle(outcome)
            self._slots.release()
        metrics.BATCH.observe(len(batch))
        metrics.WAITING.dec(len(batch))
