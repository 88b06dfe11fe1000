"""The HTTP application over a fresh database, in process."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI
from joserfc.jwk import ECKey

from api.enrolment import Enrolment, MqttAddress
from api.main import create_app
from api.tokens import issue, load_or_create_key
from core.issuer import LocalIssuer
from core.keyring import KeyRing
from core.local_vault import LocalVault
from core.settings import Settings
from ingest.enrol import load_authority, load_enrolment_key
from store import devices
from store.database import Database
from tests.api.support import Client, connected

Scoped = Callable[..., Client]
ALL = ("system/*.rs", "system/Device.c", "system/AuditEvent.rs", "hisbundle/metrics")


@pytest.fixture
def settings() -> Settings:
    told = {"page_count_default": 10, "page_count_max": 200}
    return Settings.model_validate(told | {"subscription_origins": ["https://ehr.test"]})


@pytest.fixture
def token_key(tmp_path: Path) -> ECKey:
    return load_or_create_key(tmp_path / "token-key.pem")


@pytest.fixture
def vault(tmp_path: Path) -> LocalVault:
    return LocalVault(tmp_path / "master.key")


@pytest.fixture
def keyring(database: Database, vault: LocalVault) -> KeyRing:
    async def load(device_id: UUID, epoch: int) -> bytes | None:
        async with database.transaction() as tx:
            return await devices.wrapped_key(tx, device_id, epoch)

    return KeyRing(vault, load, 100, 60.0)


@pytest.fixture
async def app(
    database: Database, vault: LocalVault, keyring: KeyRing, settings: Settings, token_key: ECKey
) -> FastAPI:
    key = await load_enrolment_key(database, vault)
    authority = await load_authority(database, vault)
    enrolment = Enrolment(vault, key, MqttAddress("127.0.0.1", 8883, None), LocalIssuer(authority))
    return create_app(database, keyring, settings, token_key, enrolment)


@pytest.fixture
async def stranger(app: FastAPI) -> AsyncIterator[Client]:
    """A client without a token."""
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://ecg.test") as http:
        yield Client(http)


@pytest.fixture
async def with_scopes(app: FastAPI, token_key: ECKey) -> AsyncIterator[Scoped]:
    """Makes clients whose tokens have just these scopes."""
    opened: list[Client] = []

    def make(*scopes: str) -> Client:
        opened.append(connected(app, issue(token_key, scopes, 60)))
        return opened[-1]

    yield make
    for each in opened:
        await each.http.aclose()


@pytest.fixture
def client(with_scopes: Scoped) -> Client:
    """A client that may do all there is."""
    return with_scopes(*ALL)
