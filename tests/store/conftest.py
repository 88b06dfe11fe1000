"""A device in a fresh database."""

from pathlib import Path

import pytest

from core.local_vault import LocalVault
from store.database import Database
from tests.devices import Device, enrol_directly


@pytest.fixture
def vault(tmp_path: Path) -> LocalVault:
    return LocalVault(tmp_path / "master.key")


@pytest.fixture
async def device(database: Database, vault: LocalVault) -> Device:
    return await enrol_directly(database, vault, Device())
