"""A device whose service is away, or is no service at all."""

import asyncio
import socket
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from core.errors import Conflict, Incorrect, Unavailable
from simulator.background import in_background
from simulator.enrolment import enrol
from simulator.identity import load_identity, new_identity, powered


@pytest.fixture
def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


class _Stranger(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b'{"hello": "world"}' if "json" in self.path else b"<html>")

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def stranger() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Stranger) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_a_service_that_is_away(closed_port: int) -> None:
    with pytest.raises(Unavailable, match="refused"):
        enrol(f"http://127.0.0.1:{closed_port}", "token", new_identity(), {})


@pytest.mark.parametrize("url", ["nonsense", "ftp://host", "http://[::1"])
def test_no_url(url: str) -> None:
    with pytest.raises((Unavailable, Incorrect)):
        enrol(url, "token", new_identity(), {})


@pytest.mark.parametrize("path", ["", "/json"])
def test_another_kind_of_server(stranger: str, path: str) -> None:
    with pytest.raises(Incorrect, match="not a hisbundle service"):
        enrol(stranger + path, "token", new_identity(), {})


def test_a_cancelled_call_is_not_waited_for() -> None:
    async def begin() -> None:
        async with asyncio.timeout(0.1):
            await in_background(time.sleep, 8)

    began = time.monotonic()
    with pytest.raises(TimeoutError):
        asyncio.run(begin())
    assert time.monotonic() - began < 5


async def test_the_outcome_of_a_call() -> None:
    assert await in_background(int, "7") == 7
    with pytest.raises(ValueError, match="invalid literal"):
        await in_background(int, "seven")


def test_a_damaged_identity_is_named_and_not_shown(tmp_path: Path) -> None:
    file = tmp_path / "identity.json"
    load_identity(file)
    whole = file.read_text()
    for damaged in ("", whole[:-20], "[]", whole.replace("device_id", "other")):
        file.write_text(damaged)
        with pytest.raises(Incorrect, match=r"identity\.json"):
            load_identity(file)
    assert file.exists()


def test_a_device_runs_once(tmp_path: Path) -> None:
    again = powered(tmp_path / "device")
    with powered(tmp_path / "device"), pytest.raises(Conflict, match="already running"):
        again.__enter__()
    with powered(tmp_path / "device"):
        pass
