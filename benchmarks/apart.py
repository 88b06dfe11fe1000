"""The service on one database as two processes: analysis, and all the rest.

What a hospital with hundreds of recorders runs: analysis computes all the time, and whoever waits
to be told of an alert does not wait for it to share the interpreter.
"""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from core.settings import Role, Settings
from hisbundle.reach import database_server
from hisbundle.service import running_service

STOP_S = 20.0
_READY = b"service ready"


@asynccontextmanager
async def running_apart(settings: Settings) -> AsyncIterator[Settings]:
    """As ``running_service``, and the same settings; ends with both processes gone."""
    async with database_server(settings) as server:
        rest = settings.model_copy(update={"roles": frozenset(Role) - {Role.ANALYSIS}})
        rest = Settings.model_validate(rest.model_dump() | {"database_url": server.url})
        async with running_service(rest) as real, _analysis(real, server.url):
            yield real


@asynccontextmanager
async def _analysis(settings: Settings, url: str) -> AsyncIterator[None]:
    told = {"data_dir": str(settings.data_dir), "database_url": url, "roles": '["analysis"]'}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "hisbundle", "serve"),
        env=os.environ | {f"HISBUNDLE_{name.upper()}": value for name, value in told.items()},
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
    raise RuntimeError(f"the process that analyses has ended: {said.decode()[-2000:]}")


async def _read_on(lines: asyncio.StreamReader) -> None:
    async for _ in lines:
        pass
