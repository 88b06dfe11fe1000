"""The way to Postgres: transactions, what counts as "away", and wake-up calls.

Transactions are opened and closed by the edge; every function in ``store`` takes the open
transaction first. Whatever means that the server is away becomes ``Unavailable`` here, so
that edges know what to retry (PostgreSQL manual, appendix A: error codes).
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import asyncpg
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from core.errors import Unavailable
from store.listener import Listener, Wake

Transaction = AsyncConnection
"""An open transaction; what every function in ``store`` takes first."""

CONNECT_TIMEOUT_S = 10.0
STATEMENT_TIMEOUT_S = 60.0
POOL_SIZE = 8

_DATA_CLASSES = ("21", "22", "23", "54")
# Classes 08 connection, 53 resources, 57 operator intervention (shutdown, kill, time-out), 58 I/O;
# and 25006 read-only (a failover), 40001 and 40P01 serialisation and deadlock, 55P03 lock time-out.
_AWAY_CLASSES = ("08", "53", "57", "58")
_AWAY_CODES = {"25006", "40001", "40P01", "55P03"}


def sqlstate(error: BaseException) -> str | None:
    """The server's error code, whether SQLAlchemy or asyncpg raised it; None if it is not its."""
    if isinstance(error, DBAPIError):
        cause = error.orig.__cause__ if error.orig is not None else None
        return sqlstate(cause) if cause is not None else None
    return (error.sqlstate or None) if isinstance(error, asyncpg.PostgresError) else None


def is_away(error: BaseException) -> bool:
    """Whether ``error`` means that the database is away or overloaded: trying again may help."""
    if code := sqlstate(error):
        return code in _AWAY_CODES or code.startswith(_AWAY_CLASSES)
    if isinstance(error, DBAPIError):
        cause = error.orig.__cause__ if error.orig is not None else None
        return error.connection_invalidated or (cause is not None and is_away(cause))
    if isinstance(error, asyncpg.InterfaceError):
        return "closed" in str(error) or "released" in str(error)
    return isinstance(error, OSError | TimeoutError | PoolTimeoutError | EOFError)


def is_misuse(error: BaseException) -> bool:
    """Whether the server refused what no other data would have changed.

    A missing table, a missing right: somebody must mend it, and then the same data go in.
    Data that it will never take (error classes 21, 22, 23, 54) are another matter.
    """
    code = sqlstate(error)
    return code is not None and not code.startswith(_DATA_CLASSES) and not is_away(error)


@contextmanager
def away_as_unavailable() -> Iterator[None]:
    """Turn every "the database is away" into ``Unavailable``, with its cause."""
    try:
        yield
    except Exception as error:
        if is_away(error):
            raise Unavailable(f"the database is away: {error}") from error
        raise


async def notify(tx: AsyncConnection, channel: str) -> None:
    """Wake all who listen on ``channel``, in any process, once the transaction commits."""
    await tx.execute(text("SELECT pg_notify(:channel, '')"), {"channel": channel})


async def driver(tx: AsyncConnection) -> Any:
    """The asyncpg connection under ``tx``, inside its transaction (for bulk work only)."""
    connection: Any = (await tx.get_raw_connection()).driver_connection
    if not connection.is_in_transaction():  # SQLAlchemy begins at its own first statement
        await tx.execute(text("SELECT 1"))
    return connection


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
            "statement_timeout": str(int(statement_timeout_s * 1000)),
        }

        async def connect(*_: object, **__: object) -> Any:
            try:
                return await asyncpg.connect(
                    dsn,
                    timeout=CONNECT_TIMEOUT_S,
                    # The server's own time-out fires first; this is for a server that is silent.
                    command_timeout=statement_timeout_s + 5.0,
                    server_settings=settings,
                )
            except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError) as error:
                raise Unavailable(f"the database does not let us in: {error}") from error

        self._engine: AsyncEngine = create_async_engine(
            "postgresql+asyncpg://",
            async_creator=connect,
            hide_parameters=True,  # else errors, and so logs, would carry patients' data
            pool_size=POOL_SIZE,
            max_overflow=POOL_SIZE,
            pool_timeout=30.0,
            pool_pre_ping=True,  # a restarted server costs one failed ping, not a failed request
        )
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
