"""The service as its users run it: a process of its own, to talk to and to kill."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from core.settings import Settings
from hisbundle.tokens import development_token

START_WAIT_S = 60.0
STOP_WAIT_S = 60.0


def free_port() -> int:
    """A port that nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@dataclass
class Service:
    """``hisbundle serve`` on ports of its own; ``environment`` are further settings."""

    data_dir: Path
    environment: dict[str, str] = field(default_factory=dict)
    http_port: int = field(default_factory=free_port)
    mqtt_port: int = field(default_factory=free_port)
    _process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.http_port}"

    @property
    def token(self) -> str:
        return development_token(Settings(data_dir=self.data_dir))

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    async def start(self) -> None:
        ports = ["--http-port", str(self.http_port), "--mqtt-port", str(self.mqtt_port)]
        self.data_dir.mkdir(parents=True, exist_ok=True)
        with (self.data_dir / "service.log").open("ab") as log:
            self._process = subprocess.Popen(
                [
                    sys.executable,
                    "-m",
                    "hisbundle",
                    "serve",
                    "--data-dir",
                    str(self.data_dir),
                    *ports,
                ],
                env=os.environ | self.environment,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        await self._wait_healthy()

    async def kill(self) -> None:
        """As a power cut would."""
        await self._end(signal.SIGKILL)

    async def stop(self) -> int:
        """As an administrator would; returns the exit status."""
        return await self._end(signal.SIGINT)

    async def _end(self, number: signal.Signals) -> int:
        assert self._process is not None
        self._process.send_signal(number)
        return await asyncio.to_thread(self._process.wait, STOP_WAIT_S)

    async def _wait_healthy(self) -> None:
        async with httpx.AsyncClient() as client, asyncio.timeout(START_WAIT_S):
            while True:
                assert self._process is not None
                log = self.data_dir / "service.log"
                assert self._process.poll() is None, log.read_text()[-3000:]
                try:
                    if (await client.get(f"{self.url}/health")).status_code == httpx.codes.OK:
                        return
                except httpx.TransportError:
                    pass
                await asyncio.sleep(0.1)


@asynccontextmanager
async def running(service: Service) -> AsyncIterator[Service]:
    """The service for as long as the block; stopped cleanly at its end."""
    await service.start()
    try:
        yield service
    finally:
        if service._process is not None and service._process.poll() is None:
            await service.stop()
