"""The way to Postgres: transactions, single statements, and wake-up calls.

Transactions are opened and closed by the edge; every function in ``store`` takes the open
transaction first. Whatever means that the server is away becomes ``Unavailable`` here, so
that edges know what to retry.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import asyncpg
from sqlalchemy import event, text
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from core.errors import Unavailable
from store.away import away_as_unavailable
from store.direct import Direct
from store.listener import Listener, Wake

Transaction = AsyncConnection
"""An open transaction; what every function in ``store`` takes first."""

CONNECT_TIMEOUT_S = 10.0
STATEMENT_TIMEOUT_S = 60.0
POOL_SIZE = 8


async def notify(tx: AsyncConnection, channel: str) -> None:
    """Wake all who listen on ``channel``, in any process, once the transaction commits."""
    await tx.execute(text("SELECT pg_notify(:channel, '')"), {"channel": channel})


async def driver(tx: AsyncConnection) -> Any:
    """The asyncpg connection under ``tx``, inside its transaction (for bulk work only)."""
    connection: Any = (await tx.get_raw_connection()).driver_connection
    if not connection.is_in_transaction():  # SQLAlchemy begins at its own first statement
        await tx.execute(text("SELECT 1"))
    return connection


def _refuse_closed(connection: Any, *_: object) -> None:
    """Let the pool replace a connection that the server has closed: a restart fails no request."""
    if connection.driver_connection.is_closed():
        raise DisconnectionError


class Database:
    """A Postgres database; ``url`` is in libpq's form, unix sockets and ``sslmode`` included.

    ``postgresql://user:password@host:5432/name`` or ``postgresql://user@/name?host=/run/pg``.
    """

    notify = staticmethod(notify)

    def __init__(self, url: str, statement_timeout_s: float = STATEMENT_TIMEOUT_S) -> None:
        dsn = "postgresql://" + url.split("://", 1)[-1]
        settings = {
            "application_name": "hisbundle",
            "timezone": "UTC",
            "jit": "off",  # compiling costs more than our short statements
        }

        async def connect(limit_s: float) -> Any:
            limit = {"statement_timeout": str(int(limit_s * 1000))}
            try:
                return await asyncpg.connect(
                    dsn,
                    timeout=CONNECT_TIMEOUT_S,
                    # The server's own time-out fires first; this is for a server that is silent.
                    command_timeout=limit_s + 5.0,
                    server_settings=settings | limit,
                )
            except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError) as error:
                raise Unavailable(f"the database does not let us in: {error}") from error

        async def pooled(*_: object, **__: object) -> Any:
            return await connect(statement_timeout_s)

        self._engine: AsyncEngine = create_async_engine(
            "postgresql+asyncpg://",
            async_creator=pooled,
            hide_parameters=True,  # else errors, and so logs, would carry patients' data
            pool_size=POOL_SIZE,
            max_overflow=POOL_SIZE,
            pool_timeout=30.0,
        )
        # In place of pool_pre_ping, whose three round trips cost as much as a small transaction.
        event.listen(self._engine.sync_engine, "checkout", _refuse_closed)
        self._connect = connect
        self._limit_s = statement_timeout_s
        self._directs: list[Direct] = []
        self._listener = Listener(self._listening_connection)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncConnection]:
        """One transaction: committed at the end of the block, rolled back by an exception.

        Raises Unavailable while the server is away, also if it goes away at the commit: then
        nobody knows whether it happened, so what is retried must be idempotent.
        """
        with away_as_unavailable():
            async with self._engine.begin() as tx:
                yield tx

    def direct(self, connections: int, limit_s: float | None = None) -> Direct:
        """So many connections apart from the pool, for single statements that change nothing.

        A statement may take ``limit_s``, or as long as everywhere.
        """
        made = Direct(partial(self._connect, limit_s or self._limit_s), connections)
        self._directs.append(made)
        return made

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Any]:
        """A driver connection in no transaction, for many small transactions of one's own.

        Raises Unavailable while the server is away; a connection that failed is not used again.
        """
        with away_as_unavailable():
            async with self._engine.connect() as connection:
                raw = await connection.get_raw_connection()
                try:
                    yield raw.driver_connection
                except BaseException:
                    await asyncio.shield(connection.invalidate())
                    raise

    def listen(self, channel: str) -> Wake:
        """Wake-up calls on ``channel``; see ``Wake.wait``. Reconnects by itself."""
        return self._listener.subscribe(channel)

    async def close(self) -> None:
        """Stop listening and close all connections."""
        await self._listener.close()
        for direct in self._directs:
            await direct.close()
        await self._engine.dispose()

    @asynccontextmanager
    async def _listening_connection(self) -> AsyncIterator[Any]:
        """A driver connection that never goes back to the pool with its listeners on."""
        with away_as_unavailable():
            async with self._engine.connect() as connection:
                raw = await connection.get_raw_connection()
                try:
                    yield raw.driver_connection
                finally:
                    await asyncio.shield(connection.invalidate())
