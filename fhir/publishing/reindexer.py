"""The reindexer: what was stored before a release is found by what the release adds.

Searching follows an index of what each resource holds (store.index). After an upgrade the
service makes the index anew, behind the requests that it answers meanwhile; until then what is
older is not found by the new parameters.
"""

import asyncio
import contextlib

import structlog

from core import json_text
from core.errors import Unavailable
from fhir.search.indexing import declarations, index
from fhir.search.registry import TYPES
from store import reindexing
from store.database import Database
from store.index import Index

BATCH = 100
"""Resources per transaction: for some 50 ms nobody else writes resources."""
RETRY_S = 5.0
log = structlog.get_logger(__name__)


class Reindexer:
    """Indexes resources anew if need be; any number may run, and they take turns."""

    def __init__(self, database: Database, *, batch: int = BATCH, pause_s: float = 0.1) -> None:
        self._database = database
        self._batch = batch
        self._pause_s = pause_s

    async def run(self, stop: asyncio.Event) -> None:
        """Work until nothing is left or ``stop`` is set; while the database is away, wait."""
        count, begun = 0, False
        while not stop.is_set():
            pause_s = self._pause_s
            try:
                if not begun:
                    await self.begin()
                    begun = True
                done = await self.turn()
                if done is None:
                    break
                count += done
            except Exception as error:
                away = isinstance(error, Unavailable)
                log.error("reindexer.waits", error=str(error), exc_info=not away)
                pause_s = RETRY_S
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(pause_s):
                    await stop.wait()
        if count:
            log.info("reindexer.left", resources=count)

    async def begin(self, *, again: bool = False) -> None:
        """Start from the first resource if other declarations were followed, or ``again``."""
        async with self._database.transaction() as tx:
            await reindexing.begin(tx, declarations(), again=again)

    async def turn(self) -> int | None:
        """One batch; how many resources, None if there are no more."""
        async with self._database.transaction() as tx:
            return await reindexing.step(tx, declarations(), _indexed, self._batch)


def _indexed(type_: str, id_: str, body: bytes) -> Index | None:
    """What a stored resource is found by; None, and loudly, where that cannot be told."""
    if type_ not in TYPES:
        return None
    try:
        return index(json_text.loads(body))
    except Exception as error:
        # Whatever is in one resource, the others are to be found. What is told names nobody.
        log.error("reindexer.left_out", type=type_, id=id_, error=type(error).__name__)
        return None
