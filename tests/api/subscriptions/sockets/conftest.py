"""The application served on a port, the matcher at work, and a clock for websockets."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from fastapi import FastAPI
from websockets.asyncio.client import ClientConnection, connect

from api.sockets.app import Sockets
from api.sockets.connection import Desk
from api.sockets.hub import Hub
from core.settings import Settings
from fhir.values import Json
from hisbundle.http import serve_http
from hisbundle.ports import resolve_port
from store.auditor import Auditor
from store.database import Database
from tests.alerting.subscriptions.bed import Clock
from tests.api.conftest import Scoped
from tests.api.smart.support import ROOT
from tests.api.subscriptions.conftest import Match
from tests.api.subscriptions.test_events import flag
from tests.api.support import Client
from tests.fhir.subscriptions.samples import subscription

FHIR = {"Content-Type": "application/fhir+json"}


class Bench:
    """What a test of websockets does."""

    def __init__(self, port: int, hub: Hub, clock: Clock, client: Client, match: Match) -> None:
        self.url = f"ws://127.0.0.1:{port}/ws"
        self.hub = hub
        self.clock = clock
        self.client = client
        self._match = match

    async def subscribe(self, id_: str = "s", client: Client | None = None, **more: Any) -> None:
        body = subscription(id=id_, channel={"type": "websocket"} | more.pop("channel", {}), **more)
        sent = client or self.client
        await sent.send("PUT", f"Subscription/{id_}", 201, json=body, headers=FHIR)

    async def write(self, *ids: str, **more: Any) -> None:
        for id_ in ids:
            url = f"Flag/{id_}"
            await self.client.send("PUT", url, 201, json=flag(id_, **more), headers=FHIR)
        await self._match()

    async def token(self, id_: str = "s", client: Client | None = None) -> str:
        path = f"Subscription/{id_}/$get-ws-binding-token"
        told = (await (client or self.client).get(path)).json()["parameter"]
        return str(told[0]["valueString"])

    async def bound(self, *ids: str, client: Client | None = None) -> ClientConnection:
        """A websocket, bound and shaken hands with."""
        socket = await connect(self.url)
        for id_ in ids or ("s",):
            await socket.send(f"bind-with-token {await self.token(id_, client)}")
        return socket


@pytest.fixture
def settings() -> Settings:
    origins = ["https://ehr.test"]
    return Settings.model_validate({"public_url": ROOT, "subscription_origins": origins})


@pytest.fixture
async def bench(
    app: FastAPI, database: Database, with_scopes: Scoped, match: Match
) -> AsyncIterator[Bench]:
    client = with_scopes("system/*.cruds")
    person: Json = {"resourceType": "Patient", "id": "p1"}
    await client.send("PUT", "Patient/p1", 201, json=person, headers=FHIR)
    clock, hub = Clock(), Hub(database)
    desk = Desk(app.state.site, hub, Auditor(database), clock)
    app.middleware_stack = Sockets(app.middleware_stack, desk)  # type: ignore[arg-type]
    settings = Settings.model_validate({"http_port": resolve_port("127.0.0.1", 0, "--http-port")})
    started = asyncio.Event()
    task = asyncio.create_task(serve_http(app, settings, started.set))
    await started.wait()
    yield Bench(settings.http_port, hub, clock, client, match)
    task.cancel()
    await asyncio.wait([task])
