"""Clients that are registered for certain patients, and two patients' data."""

from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any
from uuid import uuid4

import httpx
import pytest
from fastapi import FastAPI
from joserfc.jwk import ECKey

from api.tokens import issue
from store import clients
from store.database import Database
from tests.api.compartments.world import WORLD
from tests.api.support import Client, store

Confined = Callable[..., Coroutine[Any, Any, Client]]


@pytest.fixture
async def confined(app: FastAPI, database: Database, token_key: ECKey) -> AsyncIterator[Confined]:
    """Makes clients of these patients, and of the members of ``groups``."""
    opened: list[httpx.AsyncClient] = []

    async def make(*patients: str, scopes: str, groups: tuple[str, ...] = ()) -> Client:
        id_ = str(uuid4())
        async with database.transaction() as tx:
            await clients.add(
                tx, id_, "test", scopes.split(), jwks={"keys": []}, patients=patients, groups=groups
            )
        token = issue(token_key, scopes.split(), 60, id_, client_id=id_)
        http = httpx.AsyncClient(
            transport=httpx.ASGITransport(app),
            base_url="http://ecg.test",
            headers={"Authorization": f"Bearer {token}"},
        )
        opened.append(http)
        return Client(http)

    yield make
    for http in opened:
        await http.aclose()


@pytest.fixture
async def filled(database: Database) -> None:
    await store(database, *WORLD)
