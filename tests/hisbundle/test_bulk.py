"""An export from a whole service, started as its own process."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from fhir.values import Json
from hisbundle.tokens import development_token
from tests.hisbundle.processes import Service, data_folder


@pytest.fixture
def data_dir(reachable_folder: Path) -> Iterator[Path]:
    with data_folder(reachable_folder) as folder:
        yield folder


async def test_an_export_is_worked_on_by_the_service_itself(data_dir: Path) -> None:
    service = Service(data_dir)
    async with service.running() as process:
        token = development_token(service.settings)
        headers = {"Authorization": f"Bearer {token}", "Prefer": "respond-async"}
        async with httpx.AsyncClient(base_url=service.url, headers=headers) as client:
            ordered = await client.get("/fhir/$export")
            assert ordered.status_code == 202
            manifest = await _finished(client, ordered.headers["content-location"])
        process.terminate()
        assert await process.wait() == 0
    assert manifest["request"].endswith("/fhir/$export")
    assert manifest["error"] == []


async def _finished(client: httpx.AsyncClient, status: str) -> Json:
    async with asyncio.timeout(30):
        answer = await client.get(status)
        while answer.status_code in (202, 429):
            await asyncio.sleep(0.2)
            answer = await client.get(status)
    assert answer.status_code == 200
    found: Json = answer.json()
    return found
