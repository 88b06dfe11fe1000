"""The service: everything that one process runs, put together and taken apart in order.

Start: ports, Postgres, migrations, keys, roles. Stop, in this order: ingest (what it has
taken is committed and acknowledged, the rest stays with the devices), analysis, publisher,
API, Postgres. Exit codes: ``hisbundle.exits``.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import TypeVar

import structlog

from core.errors import Unavailable
from core.settings import Role, Settings
from hisbundle.address import own_url
from hisbundle.checks import check
from hisbundle.handles import raise_handle_limit
from hisbundle.heap import settle
from hisbundle.migrate import migrate
from hisbundle.parts import assemble
from hisbundle.ports import resolve_port
from hisbundle.reach import database_server
from hisbundle.roles import ROLES
from hisbundle.signals import run_until_signal
from hisbundle.supervise import end, keep_running
from hisbundle.threads import share_fairly
from store.database import Database

DATABASE_WAIT_S = 60.0
"""How long a start waits for a database server that is away."""
DATABASE_LOOK_MAX_S = 8.0

log = structlog.get_logger(__name__)
T = TypeVar("T")


@asynccontextmanager
async def running_service(settings: Settings) -> AsyncIterator[Settings]:
    """Run the service for as long as the block; gives the settings with the ports in use.

    Raises Incorrect, PortTaken, Conflict (the data folder is in use) or Unavailable if it
    cannot start, and an ExceptionGroup if a role fails for good meanwhile.
    """
    check(settings)
    raise_handle_limit()
    share_fairly()
    settings = _with_real_ports(settings)
    async with database_server(settings) as server:
        await _migrate_when_there(server.url)
        database = Database(server.url)
        try:
            parts = await asyncio.to_thread(assemble, settings, database)
            async with asyncio.TaskGroup() as group:
                roles = [
                    group.create_task(keep_running(role, partial(run, parts)), name=role)
                    for role, run in ROLES.items()
                    if role in settings.roles
                ]
                if server.embedded is not None:
                    roles.append(group.create_task(server.embedded.supervise(), name="postgres"))
                try:
                    await parts.until_started()
                    settle()
                    yield settings
                finally:
                    for role in roles:
                        await end(role)
        finally:
            await database.close()


def run_service(settings: Settings) -> None:
    """``hisbundle serve``: run until SIGINT or SIGTERM."""

    async def work() -> None:
        async with running_service(settings) as real:
            log.info("service ready", url=own_url(real), roles=sorted(map(str, real.roles)))
            await asyncio.Event().wait()

    run_until_signal(work())


def _with_real_ports(settings: Settings) -> Settings:
    ports = {}
    if Role.API in settings.roles:
        ports["http_port"] = resolve_port(settings.bind_host, settings.http_port, "--http-port")
    if Role.INGEST in settings.roles and settings.mqtt_url is None:
        ports["mqtt_port"] = resolve_port(settings.bind_host, settings.mqtt_port, "--mqtt-port")
    return settings.model_copy(update=ports)


async def _migrate_when_there(url: str) -> None:
    loop = asyncio.get_running_loop()
    until = loop.time() + DATABASE_WAIT_S
    pause_s = 1.0
    while True:
        try:
            return await migrate(url)
        except Unavailable as error:
            if loop.time() > until:
                raise
            log.warning("waiting for the database", error=str(error), retry_s=pause_s)
            await asyncio.sleep(pause_s)
            pause_s = min(2 * pause_s, DATABASE_LOOK_MAX_S)
