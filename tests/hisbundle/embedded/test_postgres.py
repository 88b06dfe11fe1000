"""The embedded Postgres: real clusters, as whoever runs the tests."""

import asyncio
import os
import pwd
import shutil
import signal
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import asyncpg
import pytest

from core.errors import Conflict, Unavailable
from hisbundle.embedded.account import Account
from hisbundle.embedded.place import SOCKET_PATH_MAX
from hisbundle.embedded.postgres import EmbeddedPostgres, running_url

KILL_PARENT = """
import pathlib, os, signal, sys
from hisbundle.embedded.postgres import EmbeddedPostgres
postgres = EmbeddedPostgres(pathlib.Path(sys.argv[1]))
postgres.start()
os.kill(os.getpid(), signal.SIGKILL)
"""
START_AND_STOP = """
import pathlib, sys
from hisbundle.embedded.postgres import EmbeddedPostgres
for _ in range(2):
    postgres = EmbeddedPostgres(pathlib.Path(sys.argv[1]))
    postgres.start()
    postgres.stop()
"""


@pytest.fixture
def folder(reachable_folder: Path) -> Iterator[Path]:
    made = Path(tempfile.mkdtemp(dir=reachable_folder))
    made.chmod(0o711)
    yield made
    shutil.rmtree(made)


async def _fetch(url: str, query: str) -> object:
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetchval(query)
    finally:
        await connection.close()


async def _fetch_when_back(url: str, query: str) -> object:
    async with asyncio.timeout(30):
        while True:
            try:
                return await _fetch(url, query)
            except (OSError, asyncpg.PostgresError):
                await asyncio.sleep(0.1)


def _mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def _exists(path: Path) -> bool:
    return path.exists()


def _postmaster(postgres: EmbeddedPostgres) -> int:
    return int((postgres.place.data / "postmaster.pid").read_text().split()[0])


@pytest.fixture
async def postgres(folder: Path) -> AsyncIterator[EmbeddedPostgres]:
    made = EmbeddedPostgres(folder)
    made.start()
    yield made
    made.stop()


async def test_it_is_safe_by_default(postgres: EmbeddedPostgres) -> None:
    expected = {
        "data_checksums": "on",
        "fsync": "on",
        "listen_addresses": "",
        "password_encryption": "scram-sha-256",
        "server_encoding": "UTF8",
    }
    for name, value in expected.items():
        assert await _fetch(postgres.url, f"SHOW {name}") == value
    trusted = "SELECT count(*) FROM pg_hba_file_rules WHERE auth_method <> 'scram-sha-256'"
    assert await _fetch(postgres.url, trusted) == 0
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(postgres.url, password="wrong")


async def test_files_are_private_and_the_server_is_not_root(
    postgres: EmbeddedPostgres, is_root: bool
) -> None:
    home, cluster = postgres.place.home, postgres.place.cluster
    assert (home / "password").stat().st_mode & 0o777 == 0o600
    assert (home / "password").stat().st_uid == os.geteuid()
    assert cluster.stat().st_mode & 0o777 == 0o700
    owner = postgres.place.data.stat().st_uid
    assert owner != 0
    assert (owner == os.geteuid()) is not is_root
    assert not list(home.glob("*initdb*"))


async def test_a_second_start_keeps_data_and_address(postgres: EmbeddedPostgres) -> None:
    url = postgres.url
    await _fetch(url, "CREATE TABLE kept AS SELECT 41 + 1 AS answer")
    await asyncio.to_thread(postgres.stop)
    again = EmbeddedPostgres(postgres.place.home.parent)
    again.start()
    assert again.url == url
    assert await _fetch(url, "SELECT answer FROM kept") == 42
    again.stop()
    again.stop()


async def test_a_second_service_gets_a_clear_error(postgres: EmbeddedPostgres) -> None:
    with pytest.raises(Conflict, match="held by another process"):
        EmbeddedPostgres(postgres.place.home.parent).start()
    assert await _fetch(postgres.url, "SELECT 1") == 1
    assert running_url(postgres.place.home.parent) == postgres.url


async def test_a_killed_server_comes_back(postgres: EmbeddedPostgres) -> None:
    watch = asyncio.create_task(postgres.supervise())
    await _fetch(postgres.url, "CREATE TABLE committed AS SELECT 7 AS n")
    for _ in range(2):
        os.kill(_postmaster(postgres), signal.SIGKILL)
        await asyncio.sleep(0.3)
        assert await _fetch_when_back(postgres.url, "SELECT n FROM committed") == 7
    await asyncio.to_thread(postgres.stop)
    await asyncio.wait_for(watch, 10)


async def test_a_killed_service_leaves_nothing_and_is_followed(folder: Path) -> None:
    await _run_and_kill_service(folder)
    postgres = EmbeddedPostgres(folder)
    await asyncio.to_thread(postgres.start)
    assert await _fetch(postgres.url, "SELECT 1") == 1
    postgres.stop()
    with pytest.raises(Unavailable, match="no embedded Postgres runs"):
        running_url(folder)


async def test_a_server_whose_keeper_died_too_is_stopped_first(folder: Path) -> None:
    first = EmbeddedPostgres(folder)
    first.start()
    orphan = _postmaster(first)
    assert first._kept is not None
    assert first._service_lock is not None
    os.kill(first._kept.pid, signal.SIGKILL)
    first._service_lock.close()  # as the kernel does for a killed service
    second = EmbeddedPostgres(folder)
    await asyncio.to_thread(second.start)
    assert _postmaster(second) != orphan
    assert await _fetch(second.url, "SELECT 1") == 1
    second.stop()
    first._kept.stop()


async def test_a_long_path_gets_a_short_socket(folder: Path) -> None:
    deep = folder / ("d" * SOCKET_PATH_MAX)
    deep.mkdir(mode=0o711)
    postgres = EmbeddedPostgres(deep)
    postgres.start()
    socket = Path((postgres.place.data / "postmaster.pid").read_text().splitlines()[4].strip('"'))
    assert socket.parent == Path("/tmp")
    assert _mode(socket) == 0o700
    assert await _fetch(postgres.url, "SELECT 1") == 1
    postgres.stop()
    assert not _exists(socket)


async def test_a_folder_that_the_account_cannot_enter(tmp_path: Path, is_root: bool) -> None:
    assert _mode(tmp_path) == 0o700
    data_dir = tmp_path / "it's, data"
    postgres = EmbeddedPostgres(data_dir)
    try:
        postgres.start()
        assert await _fetch(postgres.url, "SELECT 1") == 1
        assert (data_dir.resolve() in postgres.place.home.parents) is not is_root
        assert _mode(tmp_path) == 0o700
        assert EmbeddedPostgres(data_dir).place == postgres.place
    finally:
        postgres.stop()
        shutil.rmtree(postgres.place.home)


async def test_a_server_that_cannot_start_says_why(folder: Path) -> None:
    postgres = EmbeddedPostgres(folder, {"shared_buffers": "nonsense"})
    with pytest.raises(Unavailable, match="shared_buffers"):
        await asyncio.to_thread(postgres.start)
    with pytest.raises(Unavailable, match="not started"):
        _ = EmbeddedPostgres(folder).url
    whole = EmbeddedPostgres(folder)
    whole.start()
    whole.stop()


def _python_for(account: Account) -> str:
    """An interpreter like ours that the account may run (ours may lie in root's home)."""
    for path in (sys.executable, "/usr/bin/python3"):
        if account.can_reach(Path(path).resolve()):
            return path
    raise AssertionError(f"no python that {account.name} can run")


async def test_a_normal_user_has_it_all_in_their_folder(folder: Path, is_root: bool) -> None:
    nobody = pwd.getpwnam("nobody")
    account = Account("nobody", nobody.pw_uid, nobody.pw_gid, is_root)
    home = folder / "home"
    home.mkdir(mode=0o700)
    account.own(home)
    paths = ":".join(path for path in sys.path if path)
    script = f"import sys; sys.path[:0] = {paths!r}.split(':')\n{START_AND_STOP}"
    done = account.run([_python_for(account), "-B", "-c", script, str(home / "data")])
    assert done.returncode == 0, done.stdout.decode()
    assert (home / "data" / "postgres" / "cluster" / "data" / "PG_VERSION").exists()


async def _run_and_kill_service(folder: Path) -> None:
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", KILL_PARENT, str(folder))
    assert await process.wait() == -signal.SIGKILL
