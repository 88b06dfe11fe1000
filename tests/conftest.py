"""What tests of several packages share: one embedded Postgres, a fresh database per test."""

import asyncio
import os
import shutil
import tempfile
import uuid
from collections.abc import AsyncIterator, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import pytest
from hypothesis import HealthCheck, settings

from hisbundle.embedded.postgres import EmbeddedPostgres
from hisbundle.migrate import migrate
from store.database import Database
from tests.servers import system_postgres

TEMPLATE = "migrated"

# A busy machine is not a finding.
settings.register_profile("busy", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("busy")


@pytest.fixture(scope="session")
def reachable_folder() -> Iterator[Path]:
    """A short folder that any account can pass through (pytest's own are closed to others)."""
    folder = Path(tempfile.mkdtemp(prefix="hb-", dir="/tmp"))
    folder.chmod(0o711)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def postgres_url(reachable_folder: Path) -> Iterator[str]:
    """The URL of an embedded Postgres for this run, its template database migrated."""
    # Tests make many databases; this cluster is thrown away, so it need not survive a power cut.
    postgres = EmbeddedPostgres(reachable_folder / "data", {"fsync": "off"})
    postgres.start()
    try:
        _run_apart(_make_template(postgres.url))
        yield postgres.url
    finally:
        postgres.stop()
        shutil.rmtree(postgres.place.home)


@pytest.fixture(scope="session")
def system_server_url(reachable_folder: Path) -> Iterator[str]:
    """A Postgres from the system's packages, over TCP with a password, for this run."""
    with system_postgres(reachable_folder) as url:
        yield url


@pytest.fixture
async def system_postgres_url(system_server_url: str) -> AsyncIterator[str]:
    """A fresh, empty database on that server: a database belongs to one data folder's keys."""
    name = f"test_{uuid.uuid4().hex}"
    await _execute(system_server_url, f"CREATE DATABASE {name}")
    yield with_database(system_server_url, name)
    await _execute(system_server_url, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
async def database_url(postgres_url: str) -> AsyncIterator[str]:
    """The URL of a fresh, migrated, empty database."""
    name = f"test_{uuid.uuid4().hex}"
    await _execute(postgres_url, f"CREATE DATABASE {name} TEMPLATE {TEMPLATE} STRATEGY file_copy")
    yield with_database(postgres_url, name)
    await _execute(postgres_url, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """A fresh, migrated, empty database."""
    opened = Database(database_url)
    yield opened
    await opened.close()


@pytest.fixture
def is_root() -> bool:
    """Whether the tests run as root: some branches differ."""
    return os.geteuid() == 0


def with_database(url: str, name: str) -> str:
    """The same server's URL for another database."""
    return urlsplit(url)._replace(path=f"/{name}").geturl()


async def _make_template(url: str) -> None:
    await _execute(url, f"CREATE DATABASE {TEMPLATE}")
    await migrate(with_database(url, TEMPLATE))


async def _execute(url: str, statement: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


def _run_apart(work: Coroutine[None, None, None]) -> None:
    """Run in a thread of its own, so that no test's event loop is touched."""
    with ThreadPoolExecutor(1) as executor:
        executor.submit(asyncio.run, work).result()
