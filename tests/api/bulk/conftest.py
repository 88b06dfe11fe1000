"""Clients with names of their own, as registered ones have."""

from collections.abc import AsyncIterator, Callable

import httpx
import pytest
from fastapi import FastAPI
from joserfc.jwk import ECKey

from api.tokens import issue
from tests.api.support import Client

Named = Callable[..., Client]


@pytest.fixture
async def named(app: FastAPI, token_key: ECKey) -> AsyncIterator[Named]:
    """Makes clients by their registered name and scopes."""
    opened: list[httpx.AsyncClient] = []

    def make(name: str, *scopes: str) -> Client:
        token = issue(token_key, scopes or ("system/*.rs",), 60, name, client_id=name)
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
