"""The service on one database as three processes: analysis, what tells of alerts, and the rest.

What a hospital with hundreds of recorders runs: analysis computes all the time, and nobody who
waits to be told of an alert waits for an interpreter that is busy with something else.
"""

import asyncio
import contextlib
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Any

from core.settings import Role, Settings
from hisbundle.reach import database_server
from hisbundle.service import running_service

STOP_S = 20.0
_READY = b"service ready"
_TELLS = frozenset({Role.NOTIFIER})
_COMPUTES = frozenset({Role.ANALYSIS})


@asynccontextmanager
async def running_apart(settings: Settings) -> AsyncIterator[Settings]:
    """As ``running_service``, and the same settings; ends with all processes gone.

    This process tells of alerts, so that its metrics can be read.
    """
    async with database_server(settings) as server:
        told = settings.model_dump() | {"database_url": server.url, "roles": _TELLS}
        async with (
            running_service(Settings.model_validate(told)) as real,
            _process(real, server.url, frozenset(Role) - _TELLS - _COMPUTES),
            _process(real, server.url, _COMPUTES),
        ):
            yield real


def _environment(settings: Settings, url: str, roles: Iterable[Role]) -> dict[str, str]:
    """The settings as they stand, for another process."""
    told: dict[str, Any] = settings.model_dump(mode="json", exclude_defaults=True)
    told |= {"database_url": url, "roles": sorted(roles)}
    return {
        f"HISBUNDLE_{name.upper()}": value if isinstance(value, str) else json.dumps(value)
        for name, value in told.items()
    }


@asynccontextmanager
async def _process(settings: Settings, url: str, roles: Iterable[Role]) -> AsyncIterator[None]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "hisbundle", "serve"),
        env=os.environ | _environment(settings, url, roles),
        stderr=asyncio.subprocess.PIPE,
    )
    reading: asyncio.Task[None] | None = None
    try:
        if process.stderr is not None:
            await _ready(process.stderr)
            reading = asyncio.create_task(_read_on(process.stderr))
        yield
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(signal.SIGINT)
        try:
            await asyncio.wait_for(process.wait(), STOP_S)
        except TimeoutError:
            process.kill()
            await process.wait()
        if reading is not None:
            await reading


async def _ready(lines: asyncio.StreamReader) -> None:
    said = b""
    async for line in lines:
        said += line
        if _READY in line:
            return
    raise RuntimeError(f"a process of the service has ended: {said.decode()[-2000:]}")


async def _read_on(lines: asyncio.StreamReader) -> None:
    async for _ in lines:
        pass
