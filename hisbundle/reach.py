"""The way to the database, whichever it is: the one that is set, or the embedded one."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from core.errors import Conflict
from core.settings import Settings
from hisbundle.checks import check_database_url
from hisbundle.embedded.postgres import EmbeddedPostgres, running_url
from hisbundle.migrate import migrate
from store.database import Database


@dataclass(frozen=True, slots=True)
class Server:
    """A Postgres and, where it is our own, the one who runs it."""

    url: str
    embedded: EmbeddedPostgres | None


@asynccontextmanager
async def database_server(settings: Settings) -> AsyncIterator[Server]:
    """The database server for a service; an embedded one runs for as long as the block.

    Raises Conflict if another service runs on the data folder, Unavailable if none can start.
    """
    check_database_url(settings.database_url)
    if settings.database_url is not None:
        yield Server(settings.database_url.get_secret_value(), None)
        return
    postgres = await asyncio.to_thread(EmbeddedPostgres, settings.data_dir)
    try:
        await asyncio.to_thread(postgres.start)
    except Conflict as error:
        raise Conflict(
            f"another hisbundle service runs on {settings.data_dir.resolve()}: "
            "stop it, or choose another folder with --data-dir"
        ) from error
    try:
        yield Server(postgres.url, postgres)
    finally:
        await asyncio.to_thread(postgres.stop)


@asynccontextmanager
async def open_database(settings: Settings) -> AsyncIterator[Database]:
    """The migrated database, for a command; beside a running service, that service's own."""
    async with database_url(settings) as url:
        database = Database(url)
        try:
            yield database
        finally:
            await database.close()


@asynccontextmanager
async def database_url(settings: Settings) -> AsyncIterator[str]:
    """The URL of the migrated database, for as long as the block."""
    async with AsyncExitStack() as stack:
        try:
            server = await stack.enter_async_context(database_server(settings))
        except Conflict:
            url = await asyncio.to_thread(running_url, settings.data_dir)
        else:
            url = server.url
            await migrate(url)
        yield url
