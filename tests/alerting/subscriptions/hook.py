"""A subscriber over HTTPS that does as it is told, and keeps what it was sent."""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import orjson

from fhir.values import Json
from tests.ingest.certificates import make_certificates

DOWN = 0
"""In place of a status: nobody answers."""


@dataclass(frozen=True)
class Received:
    """One request, and what it was answered."""

    headers: dict[str, str]
    body: bytes
    status: int

    @property
    def bundle(self) -> Json:
        found: Json = orjson.loads(self.body)
        return found

    @property
    def parameters(self) -> list[Json]:
        found: list[Json] = self.bundle["entry"][0]["resource"]["parameter"]
        return found

    @property
    def kind(self) -> str:
        return str(next(p["valueCode"] for p in self.parameters if p["name"] == "type"))

    @property
    def numbers(self) -> list[int]:
        return [
            int(p["part"][0]["valueString"])
            for p in self.parameters
            if p["name"] == "notification-event"
        ]


@dataclass
class Hook:
    """``status`` is what it answers, below ``slow`` after ``delay_s`` and once ``gate`` is open."""

    ca: Path
    port: int = 0
    status: int = 200
    delay_s: float = 0.0
    slow: str = "/"
    received: list[Received] = field(default_factory=list)
    begun: asyncio.Event = field(default_factory=asyncio.Event)
    gate: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.gate.set()

    @property
    def origin(self) -> str:
        return f"https://localhost:{self.port}"

    @property
    def url(self) -> str:
        return f"{self.origin}/hook"

    @property
    def taken(self) -> list[int]:
        """Numbers of the events that were answered with 2xx, in the order of arrival."""
        return [n for each in self.received if each.status // 100 == 2 for n in each.numbers]

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, EOFError, asyncio.LimitOverrunError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
            headers = dict(line.split(": ", 1) for line in head[1:] if line)
            headers = {name.lower(): value for name, value in headers.items()}
            body = await reader.readexactly(int(headers["content-length"]))
            self.begun.set()
            if self.status != DOWN:
                if head[0].split(" ")[1].startswith(self.slow):
                    await asyncio.sleep(self.delay_s)
                    await self.gate.wait()
                self.received.append(Received(headers, body, self.status))
                answer = f"HTTP/1.1 {self.status} Told\r\nLocation: https://localhost/\r\n"
                writer.write(f"{answer}Content-Length: 6\r\n\r\nsecret".encode())
                await writer.drain()
        with contextlib.suppress(OSError):
            writer.close()


@asynccontextmanager
async def listening(folder: Path) -> AsyncIterator[Hook]:
    """A subscriber on a free port."""
    made = make_certificates(folder)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(made.cert, made.key)
    hook = Hook(made.ca)
    server = await asyncio.start_server(hook._serve, "127.0.0.1", 0, ssl=context)
    hook.port = server.sockets[0].getsockname()[1]
    async with server:
        yield hook
