"""How many renderings are made at once: they take memory and a processor."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from core.errors import TooBusy

AT_ONCE = 2
WAITING_MAX = 16


class Renderings:
    """A queue with an end."""

    def __init__(self, at_once: int = AT_ONCE, waiting_max: int = WAITING_MAX) -> None:
        self._turns = asyncio.Semaphore(at_once)
        self._waiting = 0
        self._waiting_max = waiting_max

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Wait for a turn. Raises TooBusy where too many wait already."""
        if self._waiting >= self._waiting_max:
            raise TooBusy("many reports are being made just now")
        self._waiting += 1
        try:
            await self._turns.acquire()
        finally:
            self._waiting -= 1
        try:
            yield
        finally:
            self._turns.release()
