"""Fetching a Binary, from a server of the standard library."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from core.errors import Incorrect, Unavailable
from core.formats import Format
from hisbundle.fetch import fetch
from hisbundle.ports import resolve_port

CONTENT = bytes(range(256)) * 4000


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        known = self.path == "/fhir/Binary/r1-edf"
        allowed = self.headers["Authorization"] == "Bearer t"
        asked = self.headers["Accept"] == "application/edf"
        self.send_response(200 if known and allowed and asked else 404)
        self.end_headers()
        self.wfile.write(CONTENT if known else b"there is no such thing")

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def server() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Handler) as http:
        thread = threading.Thread(target=http.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{http.server_port}"
        http.shutdown()
        thread.join()


def test_the_file_is_whole_and_private(server: str, tmp_path: Path) -> None:
    path = tmp_path / "a.edf"
    fetch(server, "t", "r1", Format.EDF, path)
    assert path.read_bytes() == CONTENT
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_refusal_is_told_and_leaves_nothing(server: str, tmp_path: Path) -> None:
    with pytest.raises(Incorrect, match="404: there is no such thing"):
        fetch(server, "t", "r2", Format.EDF, tmp_path / "a.edf")
    assert list(tmp_path.iterdir()) == []


def test_nobody_answers(tmp_path: Path) -> None:
    with pytest.raises(Unavailable):
        fetch(
            f"http://127.0.0.1:{resolve_port('127.0.0.1', 0, 'port')}",
            "t",
            "r1",
            Format.EDF,
            tmp_path / "a.edf",
        )
