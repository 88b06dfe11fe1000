"""Introspection and revocation."""

import asyncio
import time

import httpx
import pytest
from joserfc.jwk import ECKey

from api.smart.bearers import REFRESH_S, Bearers
from api.tokens import issue
from core.errors import Unauthenticated
from store.database import Database
from tests.api.smart.support import Service, registered


async def test_a_client_may_ask_about_its_token(service: Service) -> None:
    token = await service.token("system/Flag.rs")
    answer = await service.post("/auth/introspect", token=token)
    assert answer.headers["cache-control"] == "no-store"
    told = answer.json()
    assert (told["active"], told["scope"], told["client_id"]) == (
        True, "system/Flag.rs", service.id
    )  # fmt: skip
    assert time.time() < told["exp"] <= time.time() + 300


async def test_the_bearer_may_ask(
    service: Service, database: Database, http: httpx.AsyncClient
) -> None:
    token = await service.token()
    asked = await http.post(
        "/auth/introspect", data={"token": token}, headers={"Authorization": f"Bearer {token}"}
    )
    assert asked.json()["active"] is True
    watcher = await registered(database, http, "hisbundle/introspect")
    bearer = {"Authorization": f"Bearer {await watcher.token('hisbundle/introspect')}"}
    asked = await http.post("/auth/introspect", data={"token": token}, headers=bearer)
    assert asked.json()["client_id"] == service.id
    assert (await watcher.post("/auth/introspect", token=token)).json()["active"] is True


async def test_what_is_not_active(
    service: Service, database: Database, http: httpx.AsyncClient, token_key: ECKey
) -> None:
    other = await registered(database, http)
    expired = issue(token_key, ["system/*.rs"], -100, service.id, client_id=service.id)
    for token in ("x", "a.b.c", expired, await other.token(), service.assertion()):
        answer = await service.post("/auth/introspect", token=token)
        assert answer.json() == {"active": False}


async def test_strangers_may_not_ask(service: Service, http: httpx.AsyncClient) -> None:
    token = await service.token()
    assert (await http.post("/auth/introspect", data={"token": token})).status_code == 401
    bad = {"Authorization": "Bearer x.y.z"}
    answer = await http.post("/auth/introspect", data={"token": token}, headers=bad)
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_token")
    assert answer.headers["www-authenticate"].startswith("Bearer")
    assert (await service.post("/auth/introspect")).json()["error"] == "invalid_request"


async def test_a_revoked_token_opens_nothing(service: Service) -> None:
    token, kept = await service.token(), await service.token()
    assert (await service.get("/fhir/Patient", token)).status_code == 200
    for _ in range(2):
        answer = await service.post("/auth/revoke", token=token)
        assert (answer.status_code, answer.content) == (200, b"")
    assert (await service.get("/fhir/Patient", token)).status_code == 401
    assert (await service.get("/fhir/Patient", kept)).status_code == 200
    assert (await service.post("/auth/introspect", token=token)).json() == {"active": False}


async def test_other_processes_learn_of_it_soon(
    service: Service, database_url: str, token_key: ECKey
) -> None:
    elsewhere = Database(database_url)
    bearers = Bearers(token_key, elsewhere)
    token = await service.token()
    assert (await bearers.bearer(token)).client_id == service.id
    await service.post("/auth/revoke", token=token)
    await asyncio.sleep(REFRESH_S + 0.1)
    with pytest.raises(Unauthenticated):
        await bearers.bearer(token)
    await elsewhere.close()


async def test_only_its_own_tokens_does_a_client_revoke(
    service: Service, database: Database, http: httpx.AsyncClient, token_key: ECKey
) -> None:
    other = await registered(database, http)
    token = await other.token()
    for foreign in (token, issue(token_key, ["system/*.rs"], 60)):
        answer = await service.post("/auth/revoke", token=foreign)
        assert (answer.status_code, answer.json()["error"]) == (400, "unauthorized_client")
    assert (await other.get("/fhir/Patient", token)).status_code == 200
    assert (await service.post("/auth/revoke", token="nothing")).status_code == 200
    assert (await http.post("/auth/revoke", data={"token": token})).status_code == 401
    assert (await service.post("/auth/revoke")).status_code == 400
