"""A device that is worn, and an ingest process that it may send to."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from core.local_vault import LocalVault
from store.database import Database
from tests.devices import Device, enrol_directly
from tests.ingest.accept.gateway import Gateway


@pytest.fixture
def vault(tmp_path: Path) -> LocalVault:
    return LocalVault(tmp_path / "master.key")


@pytest.fixture
async def worn(database: Database, vault: LocalVault) -> Device:
    return await enrol_directly(database, vault, Device())


@pytest.fixture
async def gateway(database: Database, vault: LocalVault) -> AsyncIterator[Gateway]:
    opened = Gateway(database, vault, quarantine_max=5)
    async with opened.core:
        yield opened
