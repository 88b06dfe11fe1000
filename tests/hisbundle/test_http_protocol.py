"""What is no HTTP, sent to a real socket."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress

import orjson
import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse

from core.settings import Settings
from hisbundle.http import serve_http
from hisbundle.http_protocol import HEAD_MAX_BYTES, Protocol
from hisbundle.ports import resolve_port
from tests.conformance.checker import conformant


@pytest.fixture
async def port() -> AsyncIterator[int]:
    async def app(scope, receive, send) -> None:  # type: ignore[no-untyped-def]
        body = await Request(scope, receive).body()
        await PlainTextResponse(f"{len(scope['path'])} {len(body)}")(scope, receive, send)

    settings = Settings.model_validate({"http_port": resolve_port("127.0.0.1", 0, "--http-port")})
    started = asyncio.Event()
    task = asyncio.create_task(serve_http(app, settings, started.set))
    await started.wait()
    yield settings.http_port
    task.cancel()
    await asyncio.wait([task])


async def _ask(port: int, *parts: bytes) -> tuple[bytes, bytes]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for part in parts:
        writer.write(part)
        await writer.drain()
    head = await reader.readuntil(b"\r\n\r\n")
    length = next(line for line in head.lower().splitlines() if line.startswith(b"content-length"))
    body = await reader.readexactly(int(length.partition(b":")[2]))
    writer.close()
    return head, body


WRONG = {
    "unknown method": b"FROBNICATE /fhir/Patient HTTP/1.1\r\nHost: a\r\n\r\n",
    "no HTTP": b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n",
    "a header of no form": b"GET / HTTP/1.1\r\nHo st: a\r\n\r\n",
    "an address past 64 kB": b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\nHost: a\r\n\r\n",
    "an address without end": b"GET /" + b"a" * (HEAD_MAX_BYTES + 1),
    "a header without end": b"GET / HTTP/1.1\r\nX: " + b"a" * (HEAD_MAX_BYTES + 1),
}


@pytest.mark.parametrize("request_", WRONG.values(), ids=WRONG)
async def test_what_is_no_http_is_told_in_fhir(port: int, request_: bytes) -> None:
    head, body = await _ask(port, request_)
    assert head.startswith(b"HTTP/1.1 400 ")
    assert b"application/fhir+json" in head
    conformant(body)
    assert orjson.loads(body)["issue"][0]["code"] == "structure"


async def test_bodies_are_not_counted(port: int) -> None:
    body = b"x" * (2 * HEAD_MAX_BYTES)
    head = f"POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    _, told = await _ask(port, head, body)
    assert told == f"2 {len(body)}".encode()
    _, told = await _ask(port, b"GET /" + b"a" * 60_000 + b" HTTP/1.1\r\nHost: a\r\n\r\n")
    assert told == b"60001 0"


SLOW = {"nothing": b"", "half a head": b"GET / HT", "half a body": b"POST / HTTP/1.1\r\nHost: a\r\n"
        b"Content-Length: 9\r\n\r\nabc"}  # fmt: skip


@pytest.mark.parametrize("sent", SLOW.values(), ids=SLOW)
async def test_who_sends_too_slowly_is_cut_off(
    port: int, sent: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Protocol, "head_s", 0.2)
    monkeypatch.setattr(Protocol, "body_s", 0.2)
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(sent)
    with suppress(ConnectionResetError):
        assert b"200 OK" not in await asyncio.wait_for(reader.read(), 10)
    writer.close()
