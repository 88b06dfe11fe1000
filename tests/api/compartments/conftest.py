"""Clients that are registered for certain patients, and two patients' data."""

from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any
from uuid import uuid4

import pytest
from fastapi import FastAPI
from joserfc.jwk import ECKey

from api.tokens import issue
from store import clients
from store.database import Database
from tests.api.compartments.world import WORLD
from tests.api.support import Client, connected, store

Confined = Callable[..., Coroutine[Any, Any, Client]]


@pytest.fixture
async def confined(app: FastAPI, database: Database, token_key: ECKey) -> AsyncIterator[Confined]:
    """Makes clients of these patients, and of the members of ``groups``."""
    opened: list[Client] = []

    async def make(*patients: str, scopes: str, groups: tuple[str, ...] = ()) -> Client:
        id_ = str(uuid4())
        async with database.transaction() as tx:
            await clients.add(
                tx, id_, "test", scopes.split(), jwks={"keys": []}, patients=patients, groups=groups
            )
        token = issue(token_key, scopes.split(), 60, id_, client_id=id_)
        opened.append(connected(app, token))
        return opened[-1]

    yield make
    for client in opened:
        await client.http.aclose()


@pytest.fixture
async def filled(database: Database) -> None:
    await store(database, *WORLD)
