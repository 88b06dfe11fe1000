"""Clients with names of their own, as registered ones have."""

from collections.abc import AsyncIterator, Callable

import pytest
from fastapi import FastAPI
from joserfc.jwk import ECKey

from api.tokens import issue
from tests.api.support import Client, connected

Named = Callable[..., Client]


@pytest.fixture
async def named(app: FastAPI, token_key: ECKey) -> AsyncIterator[Named]:
    """Makes clients by their registered name and scopes."""
    opened: list[Client] = []

    def make(name: str, *scopes: str) -> Client:
        token = issue(token_key, scopes or ("system/*.rs",), 60, name, client_id=name)
        opened.append(connected(app, token))
        return opened[-1]

    yield make
    for client in opened:
        await client.http.aclose()
