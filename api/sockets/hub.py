"""Who is connected and who is bound, and how many may be; and what wakes them.

Strangers, who have not shown a token yet, are counted apart: they crowd each other out, never
those who have.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

from api.sockets.metrics import BOUND
from store.database import Database, Transaction

STRANGERS_MAX = 50
MOST = 200
MOST_PER_CLIENT = 8
AT_ONCE = 3
"""Transactions at a time, of all websockets together."""
POLL_S = 1.0


class Full(Exception):
    """There are as many websockets as there may be."""


class Hub:
    """The websockets of this process; one ear on the database wakes them all."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._strangers = 0
        self._bound: Counter[str | None] = Counter()
        self._ears: set[asyncio.Event] = set()
        self._listening: asyncio.Task[None] | None = None
        self._turns = asyncio.Semaphore(AT_ONCE)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        """A transaction, in its turn."""
        async with self._turns, self._database.transaction() as tx:
            yield tx

    @contextmanager
    def stranger(self) -> Iterator[None]:
        """A place for a connection until it is bound. Raises Full."""
        if self._strangers >= STRANGERS_MAX:
            raise Full
        self._strangers += 1
        try:
            yield
        finally:
            self._strangers -= 1

    @contextmanager
    def bound(self, client: str | None) -> Iterator[asyncio.Event]:
        """A place of a client, and what is set whenever there may be events. Raises Full."""
        if self._bound.total() >= MOST or self._bound[client] >= MOST_PER_CLIENT:
            raise Full
        ear = asyncio.Event()
        self._bound[client] += 1
        BOUND.inc()
        self._ears.add(ear)
        if self._listening is None:
            self._listening = asyncio.create_task(self._listen(), name="websockets")
        try:
            yield ear
        finally:
            self._bound -= Counter([client])
            BOUND.dec()
            self._ears.discard(ear)
            if not self._ears and self._listening is not None:
                self._listening.cancel()
                self._listening = None

    async def _listen(self) -> None:
        wake = self._database.listen("event")
        while True:
            await wake.wait(POLL_S)
            for ear in tuple(self._ears):
                ear.set()
