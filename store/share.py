"""A share of a database's connections: who waits within it keeps no others from theirs.

All parts of a process have one pool. Requests that wait for a lock or for a long search hold a
connection each; without a bound they would take all of them, and neither the audit trail nor
ingest nor a health check could go on.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy.ext.asyncio import AsyncConnection

from core.errors import Unavailable
from store.database import Database

WAIT_S = 30.0


class Share(Database):
    """Transactions of ``whole``, so many at a time; the others wait their turn."""

    def __init__(self, whole: Database, connections: int, wait_s: float = WAIT_S) -> None:
        self._whole = whole
        self._turn = asyncio.Semaphore(connections)
        self._wait_s = wait_s

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncConnection]:
        """As the whole's. Raises Unavailable too where it has waited too long for its turn."""
        try:
            async with asyncio.timeout(self._wait_s):
                await self._turn.acquire()
        except TimeoutError:
            raise Unavailable("too many requests wait for the database") from None
        try:
            async with self._whole.transaction() as tx:
                yield tx
        finally:
            self._turn.release()
