"""The application under a public URL, and a client registered with it."""

from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import FastAPI

from core.settings import Settings
from store.database import Database
from tests.api.smart.support import ROOT, Service, registered


@pytest.fixture
def settings() -> Settings:
    return Settings.model_validate({"public_url": ROOT, "outbound_networks": ["127.0.0.0/8"]})


@pytest.fixture
async def http(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url=ROOT) as opened:
        yield opened


@pytest.fixture
async def service(database: Database, http: httpx.AsyncClient) -> Service:
    return await registered(database, http)
