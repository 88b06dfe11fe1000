"""A small HTTP server for tests: answers what it is told to, and keeps what it was asked."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field


@dataclass
class Site:
    """What a server answers, and the heads of the requests that it got."""

    port: int = 0
    status: str = "200 OK"
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b"{}"
    delay_s: float = 0.0
    requests: list[str] = field(default_factory=list)
    sni: list[str | None] = field(default_factory=list)

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            self.requests.append((await reader.readuntil(b"\r\n\r\n")).decode())
            await asyncio.sleep(self.delay_s)
            head = {"Content-Length": str(len(self.body)), "Connection": "close"} | self.headers
            lines = [f"HTTP/1.1 {self.status}", *(f"{k}: {v}" for k, v in head.items()), "", ""]
            writer.write("\r\n".join(lines).encode() + self.body)
            await writer.drain()
        except (OSError, EOFError):  # a client that has seen enough
            pass
        finally:
            writer.close()


@asynccontextmanager
async def serving(cert: tuple[str, str] | None = None) -> AsyncIterator[Site]:
    """A server on a free loopback port for as long as the block; with ``cert`` by TLS."""
    site, context = Site(), None
    if cert is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*cert)
        context.sni_callback = lambda _, name, __: site.sni.append(name)
    server = await asyncio.start_server(site._answer, "127.0.0.1", 0, ssl=context)
    site.port = server.sockets[0].getsockname()[1]
    async with server:
        yield site
