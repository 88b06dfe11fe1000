"""The worker: jobs a step at a time, whichever has waited longest; and the end of old ones.

Each step is one transaction. A worker killed in the middle of one leaves nothing of it, and
whoever is next repeats it: no line is lost, and none is there twice.
"""

import asyncio

import structlog

from api.bulk import cutting
from core.errors import HisbundleError, Unavailable
from store import jobs
from store.database import Database

POLL_S = 5.0
RETRY_S = 1.0
_log = structlog.get_logger(__name__)


class BulkWorker:
    """Works on the jobs of all clients; any number of workers may run.

    ``life_s`` is how long a finished job is kept, ``lines`` how many resources a file has at
    most, ``poll_s`` how long a lost wake-up call can delay anything.
    """

    def __init__(
        self,
        database: Database,
        *,
        life_s: float,
        lines: int = cutting.FILE_LINES,
        poll_s: float = POLL_S,
    ) -> None:
        self._database = database
        self._life_s = life_s
        self._lines = lines
        self._poll_s = poll_s

    async def run(self, stop: asyncio.Event) -> None:
        """Work until ``stop`` is set; while the database is away, wait for it."""
        wake = self._database.listen(jobs.CHANNEL)
        stopped = asyncio.create_task(stop.wait(), name="bulk-stop")
        try:
            while not stop.is_set():
                try:
                    if await self.turn():
                        continue
                    await self.tidy()
                    pause = wake.wait(self._poll_s)
                except Exception as error:
                    away = isinstance(error, Unavailable)
                    _log.error("bulk.waits", error=str(error), exc_info=not away)
                    pause = wake.wait(RETRY_S)
                paused = asyncio.create_task(pause, name="bulk-pause")
                await asyncio.wait({paused, stopped}, return_when=asyncio.FIRST_COMPLETED)
                paused.cancel()
        finally:
            stopped.cancel()

    async def turn(self) -> bool:
        """One step of one job; False if there is nothing to do."""
        claimed: str | None = None
        try:
            async with self._database.transaction() as tx:
                job = await jobs.claim(tx)
                if job is None:
                    return False
                claimed = job.order.id
                progress = await cutting.cut(tx, job, self._lines)
                await jobs.advance(tx, claimed, progress, self._life_s)
        except Exception as error:
            if claimed is None:
                raise
            # One job that fails for whatever reason must not keep the others waiting.
            expected = isinstance(error, HisbundleError)
            # Its class alone: what it says may quote a search, and so name a patient.
            kind = type(error).__name__
            _log.warning("bulk.failed", job=claimed, error=kind, exc_info=not expected)
            await self._failed(claimed)
        return True

    async def tidy(self) -> None:
        """Forget what has expired."""
        async with self._database.transaction() as tx:
            await jobs.expire(tx)

    async def _failed(self, job: str) -> None:
        async with self._database.transaction() as tx:
            await jobs.failed(tx, job)
