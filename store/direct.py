"""A few connections for single statements, each of which is its own transaction.

A statement then costs one round trip: no BEGIN, no COMMIT, and it is prepared once per
connection (https://magicstack.github.io/asyncpg/current/api/index.html, statement caches).
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import asyncpg

from store.away import away_as_unavailable, is_away, is_lost


class Direct:
    """Reads by plain asyncpg; connections are opened as they are needed, and kept."""

    def __init__(self, connect: Callable[[], Awaitable[Any]], connections: int) -> None:
        self._connect = connect
        self._turn = asyncio.Semaphore(connections)
        self._idle: list[Any] = []
        self._closed = False

    async def fetch(self, statement: str, *arguments: object) -> list[Any]:
        """The rows of a statement that changes nothing: it is sent again if its first
        connection turns out to be dead. Raises Unavailable while the server is away.
        """
        with away_as_unavailable():
            async with self._turn:
                while self._idle:
                    try:
                        return await self._fetch(self._idle.pop(), statement, arguments)
                    except Exception as error:
                        if not is_lost(error):
                            raise
                return await self._fetch(await self._connect(), statement, arguments)

    async def _fetch(
        self, connection: Any, statement: str, arguments: tuple[object, ...]
    ) -> list[Any]:
        is_sound = False
        try:
            rows: list[Any] = await connection.fetch(statement, *arguments)
            is_sound = True
        except asyncpg.PostgresError as error:
            is_sound = not is_away(error)
            raise
        finally:
            # Nobody knows what comes next on a connection that was lost or left half-way.
            if is_sound and not self._closed:
                self._idle.append(connection)
            else:
                connection.terminate()
        return rows

    async def close(self) -> None:
        """Close all connections; one at work is closed when it is done."""
        self._closed = True
        idle, self._idle = self._idle, []
        for connection in idle:
            await connection.close()
