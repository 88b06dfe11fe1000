"""What counts as "the database is away", so that edges know what to retry.

PostgreSQL manual, appendix A: error codes
(https://www.postgresql.org/docs/current/errcodes-appendix.html).
"""

from collections.abc import Iterator
from contextlib import contextmanager

import asyncpg
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from core.errors import Unavailable

_DATA_CLASSES = ("21", "22", "23", "54")
# Classes 08 connection, 53 resources, 57 operator intervention (shutdown, kill, time-out), 58 I/O;
# and 25006 read-only (a failover), 40001 and 40P01 serialisation and deadlock, 55P03 lock time-out.
_AWAY_CLASSES = ("08", "53", "57", "58")
_AWAY_CODES = {"25006", "40001", "40P01", "55P03"}
# Where the server ends between two messages, the driver loses count of what it is doing.
_DRIVER_LOST = asyncpg.InternalClientError
_SHUTDOWN_CODES = {"57P01", "57P02", "57P03"}


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
    return isinstance(error, _DRIVER_LOST | OSError | TimeoutError | PoolTimeoutError | EOFError)


def is_lost(error: BaseException) -> bool:
    """Whether the connection was gone, and the statement itself is not to blame.

    A statement that took too long is: sent again, it would only take as long again.
    """
    code = sqlstate(error)
    if code is None:
        return is_away(error) and not isinstance(error, TimeoutError)
    return code.startswith("08") or code in _SHUTDOWN_CODES


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
