"""Fetching the database, from a server of the standard library that may fail on purpose."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from core.errors import Incorrect, Unavailable
from hisbundle.mitdb import SUMS, fetch_mitdb
from hisbundle.ports import resolve_port
from tests.hisbundle.processes import command

FILES = {f"{n}.{end}": bytes([n]) * (9000 + n) for n in (100, 101) for end in ("atr", "dat", "hea")}


@dataclass
class Site:
    """What is published, what is sent in its place, and what was asked for."""

    url: str = ""
    files: dict[str, bytes] = field(default_factory=lambda: dict(FILES))
    status: int = 0
    cut: dict[str, int] = field(default_factory=dict)
    ranges: bool = True
    asked: list[tuple[str, str | None]] = field(default_factory=list)

    def sums(self) -> bytes:
        others = {"mitdbdir/intro.htm": b"x", "x_mitdb/x_108.dat": b"y", "../../evil.dat": b"z"}
        lines = [f"{sha256(body).hexdigest()} {name}" for name, body in (FILES | others).items()]
        return "\n".join(lines).encode()


@pytest.fixture
def site() -> Iterator[Site]:
    told = Site()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            name, wanted = self.path.removeprefix("/mitdb/"), self.headers["Range"]
            told.asked.append((name, wanted))
            body = told.sums() if name == SUMS else told.files.get(name)
            if body is None or told.status:
                self.send_error(told.status or 404)
                return
            begin = int(wanted.removeprefix("bytes=").rstrip("-")) if wanted else 0
            if not told.ranges:
                begin = 0
            if begin >= len(body):
                self.send_error(416)
                return
            self.send_response(206 if begin else 200)
            self.send_header("Content-Length", str(len(body) - begin))
            self.end_headers()
            self.wfile.write(body[begin : told.cut.get(name)])

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
        thread = threading.Thread(target=http.serve_forever, args=(0.01,))
        thread.start()
        told.url = f"http://127.0.0.1:{http.server_port}/mitdb"
        yield told
        http.shutdown()
        thread.join()


def quiet(name: str, done: int, total: int) -> None:
    assert done <= total


def test_all_records_come_and_nothing_else(site: Site, tmp_path: Path) -> None:
    assert fetch_mitdb(tmp_path / "db", quiet, site.url) == len(FILES)
    assert {p.name: p.read_bytes() for p in (tmp_path / "db").iterdir()} == FILES
    assert not (tmp_path / "evil.dat").exists()


def test_what_is_there_is_not_asked_for_again(site: Site, tmp_path: Path) -> None:
    fetch_mitdb(tmp_path, quiet, site.url)
    (tmp_path / "100.dat").write_bytes(b"damaged")
    site.asked.clear()
    assert fetch_mitdb(tmp_path, quiet, site.url) == 1
    assert [name for name, _ in site.asked] == [SUMS, "100.dat"]
    assert (tmp_path / "100.dat").read_bytes() == FILES["100.dat"]


@pytest.mark.parametrize("ranges", [True, False])
def test_what_was_broken_off_is_gone_on_with(site: Site, tmp_path: Path, ranges: bool) -> None:
    site.cut["101.atr"], site.ranges = 4000, ranges
    with pytest.raises(Unavailable, match="the same command goes on"):
        fetch_mitdb(tmp_path, quiet, site.url)
    assert (tmp_path / "101.atr.part").stat().st_size == 4000
    site.cut.clear()
    fetch_mitdb(tmp_path, quiet, site.url)
    assert ("101.atr", "bytes=4000-") in site.asked
    assert {p.name: p.read_bytes() for p in tmp_path.iterdir()} == FILES


def test_a_part_that_is_whole_only_needs_its_name(site: Site, tmp_path: Path) -> None:
    (tmp_path / "100.hea.part").write_bytes(FILES["100.hea"])
    fetch_mitdb(tmp_path, quiet, site.url)
    assert (tmp_path / "100.hea").read_bytes() == FILES["100.hea"]


def test_something_else_than_was_published_is_refused(site: Site, tmp_path: Path) -> None:
    site.files["100.dat"] = b"something else"
    with pytest.raises(Incorrect, match=r"100\.dat is not what was published"):
        fetch_mitdb(tmp_path, quiet, site.url)
    assert not list(tmp_path.glob("100.dat*"))


def test_a_refusal_is_told(site: Site, tmp_path: Path) -> None:
    del site.files["100.dat"]
    with pytest.raises(Incorrect, match=r"404 for 100\.dat"):
        fetch_mitdb(tmp_path, quiet, site.url)


@pytest.mark.parametrize("status", [429, 500, 503])
def test_who_cannot_just_now_may_be_asked_again(site: Site, tmp_path: Path, status: int) -> None:
    site.status = status
    with pytest.raises(Unavailable, match=f"{status} for {SUMS}"):
        fetch_mitdb(tmp_path, quiet, site.url)


def test_a_full_disk_is_told(site: Site, tmp_path: Path) -> None:
    (tmp_path / "100.dat.part").symlink_to("/dev/full")
    with pytest.raises(Incorrect, match=r"No space left on device; .* goes on there"):
        fetch_mitdb(tmp_path, quiet, site.url)
    (tmp_path / "100.dat.part").unlink()
    fetch_mitdb(tmp_path, quiet, site.url)
    assert {p.name: p.read_bytes() for p in tmp_path.iterdir()} == FILES


def test_only_https_beyond_this_machine(tmp_path: Path) -> None:
    with pytest.raises(Incorrect, match="https, please"):
        fetch_mitdb(tmp_path, quiet, "http://physionet.org/files/mitdb/1.0.0/")


async def test_the_command_and_nobody_who_answers(site: Site, tmp_path: Path) -> None:
    status, out, err = await command("fetch", "mitdb", str(tmp_path), "--url", site.url)
    assert (status, err) == (0, "")
    assert f"complete, {len(FILES)} files fetched" in out
    port = resolve_port("127.0.0.1", 0, "port")
    status, _, err = await command(
        "fetch", "mitdb", str(tmp_path), "--url", f"http://127.0.0.1:{port}/"
    )
    assert status != 0
    assert "127.0.0.1 does not answer" in err
    assert "Traceback" not in err
