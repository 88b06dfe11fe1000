"""The ``hisbundle`` command as a process of its own, as a user runs it."""

import asyncio
import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import httpx

from core.settings import Settings
from hisbundle.address import own_url
from hisbundle.ports import resolve_port


@contextmanager
def data_folder(parent: Path) -> Iterator[Path]:
    """A folder that any account can pass through, gone afterwards."""
    folder = Path(tempfile.mkdtemp(dir=parent))
    folder.chmod(0o711)
    yield folder
    shutil.rmtree(folder)


def settings_for(data_dir: Path, **more: object) -> Settings:
    """Settings with ports that were free a moment ago; the environment is not read."""
    ports = {name: resolve_port("127.0.0.1", 0, name) for name in ("http_port", "mqtt_port")}
    return Settings.model_validate({"data_dir": data_dir} | ports | more)


def environment(**settings: object) -> dict[str, str]:
    """Ours, with these settings and no others."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("HISBUNDLE_")}
    return kept | {f"HISBUNDLE_{name.upper()}": str(value) for name, value in settings.items()}


async def command(*words: str, **settings: object) -> tuple[int, str, str]:
    """Exit status, standard output and standard error of a command run to its end."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "hisbundle", *words),
        cwd="/",
        env=environment(**settings),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate()
    assert process.returncode is not None
    return process.returncode, out.decode(), err.decode()


class Service:
    """``hisbundle serve`` on a data folder, with addresses that stay over restarts."""

    def __init__(self, data_dir: Path, **settings: object) -> None:
        self.settings = settings_for(data_dir, **settings)
        self.url = own_url(self.settings)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[asyncio.subprocess.Process]:
        """The process, once it is healthy; killed at the end if it is still there."""
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "hisbundle", "serve"),
            cwd="/",
            env=environment(**self._given()),
        )
        try:
            await self.until_healthy(process)
            yield process
        finally:
            if process.returncode is None:
                process.kill()
            await process.wait()

    def _given(self) -> dict[str, object]:
        """What was set, as environment variables take it."""
        settings = self.settings
        given = {name: getattr(settings, name) for name in settings.model_fields_set}
        if settings.database_url is not None:
            given["database_url"] = settings.database_url.get_secret_value()
        if "roles" in given:
            given["roles"] = json.dumps(sorted(settings.roles))
        return given

    async def until_healthy(self, process: asyncio.subprocess.Process) -> None:
        """Return once /health says 200; fails after a minute, or if the process ends."""
        until = time.monotonic() + 60
        async with httpx.AsyncClient() as client:
            while time.monotonic() < until:
                assert process.returncode is None, "the service ended"
                try:
                    if (await client.get(f"{self.url}/health")).status_code == 200:
                        return
                except httpx.TransportError:
                    pass
                await asyncio.sleep(0.1)
        raise AssertionError("the service is not healthy after 60 s")
