"""A service for a command: named, found, or started for the time it takes."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from core.errors import Conflict
from core.settings import Settings
from hisbundle.borrow import with_service
from hisbundle.embedded.postgres import EmbeddedPostgres
from hisbundle.service import running_service
from tests.hisbundle.processes import data_folder, settings_for


@pytest.fixture
def settings(reachable_folder: Path) -> Iterator[Settings]:
    with data_folder(reachable_folder) as folder:
        yield settings_for(folder)


async def _where(base_url: str) -> str:
    async with httpx.AsyncClient() as client:
        assert (await client.get(f"{base_url}/health")).status_code == 200
    return base_url


async def _told(base_url: str) -> str:
    return base_url


async def test_a_named_service_is_taken_at_its_word(settings: Settings) -> None:
    assert await with_service(settings, "http://ecg.example/", _told) == "http://ecg.example"


async def test_a_running_one_is_found_and_else_one_is_started(settings: Settings) -> None:
    async with running_service(settings) as real:
        found = await with_service(settings, None, _where)
        assert found == f"http://127.0.0.1:{real.http_port}"
    own = await with_service(settings, None, _where)
    assert own != found
    with pytest.raises(httpx.ConnectError):
        await _where(own)


async def test_one_at_another_address_must_be_named(settings: Settings) -> None:
    other = EmbeddedPostgres(settings.data_dir)
    other.start()
    try:
        with pytest.raises(Conflict, match="name it with --server"):
            await with_service(settings, None, _where)
    finally:
        other.stop()
