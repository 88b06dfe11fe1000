"""A few connections for single statements, each of which is its own transaction.

A statement then costs one round trip: no BEGIN, no COMMIT, and it is prepared once per
connection (https://magicstack.github.io/asyncpg/current/api/index.html, statement caches).
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from store.away import away_as_unavailable, is_away

CONNECTIONS = 4


class Direct:
    """Reads by plain asyncpg; connections are opened as they are needed, and kept."""

    def __init__(self, connect: Callable[[], Awaitable[Any]], connections: int = CONNECTIONS):
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
                    connection = self._idle.pop()
                    try:
                        return await self._fetch(connection, statement, arguments)
                    except Exception as error:
                        if not (is_away(error) and connection.is_closed()):
                            raise
                return await self._fetch(await self._connect(), statement, arguments)

    async def _fetch(
        self, connection: Any, statement: str, arguments: tuple[object, ...]
    ) -> list[Any]:
        try:
            rows: list[Any] = await connection.fetch(statement, *arguments)
        except Exception:
            self._keep(connection)
            raise
        except BaseException:  # cancelled half-way: nobody knows what comes next on it
            connection.terminate()
            raise
        self._keep(connection)
        return rows

    def _keep(self, connection: Any) -> None:
        if self._closed:
            connection.terminate()
        elif not connection.is_closed():
            self._idle.append(connection)

    async def close(self) -> None:
        """Close all connections; one at work is closed when it is done."""
        self._closed = True
        idle, self._idle = self._idle, []
        for connection in idle:
            await connection.close()
