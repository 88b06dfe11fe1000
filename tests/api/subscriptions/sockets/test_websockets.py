"""Notifications over real websockets: bound by a token, in order, bounded."""

import asyncio
import socket as sockets

import orjson
import pytest
from fastapi import FastAPI
from sqlalchemy import text
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from api.sockets import connection, hub
from fhir.subscriptions import codes
from fhir.values import Json
from store import clients
from store.database import Database
from tests.alerting.subscriptions.feed import standing
from tests.api.subscriptions.sockets.conftest import FHIR, Bench
from tests.api.subscriptions.test_journey import _client as registered_client
from tests.fhir.subscriptions.samples import extension


async def told(socket: ClientConnection) -> tuple[str, list[int], Json]:
    """Kind, numbers and Bundle of the next notification."""
    bundle: Json = orjson.loads(await asyncio.wait_for(socket.recv(), 10))
    parameters = bundle["entry"][0]["resource"]["parameter"]
    kind = next(p["valueCode"] for p in parameters if p["name"] == "type")
    found = [p for p in parameters if p["name"] == "notification-event"]
    return kind, [int(p["part"][0]["valueString"]) for p in found], bundle


async def closed(socket: ClientConnection) -> tuple[int, str]:
    """Code and reason, once all that was sent is read."""
    with pytest.raises(ConnectionClosed) as caught:
        while True:
            await asyncio.wait_for(socket.recv(), 10)
    assert caught.value.rcvd is not None
    return caught.value.rcvd.code, caught.value.rcvd.reason


async def test_bound_shaken_hands_with_and_told_in_order(bench: Bench) -> None:
    await bench.subscribe()
    socket = await bench.bound()
    kind, numbers, bundle = await told(socket)
    assert (kind, numbers) == ("handshake", [])
    assert bundle["entry"][0]["request"]["url"].endswith("/fhir/Subscription/s/$status")
    await bench.write("f1", "f2")
    await bench.write("f3")
    got: list[int] = []
    while len(got) < 3:
        kind, numbers, _ = await told(socket)
        assert kind == "event-notification"
        got += numbers
    assert got == [1, 2, 3]
    read = (await bench.client.get("Subscription/s")).json()
    assert read["status"] == "active"
    await socket.close()


async def test_a_token_says_where_how_long_and_for_what(bench: Bench) -> None:
    await bench.subscribe("a")
    await bench.subscribe("b")
    answer = await bench.client.get("Subscription/$get-ws-binding-token?id=a&id=b")
    values = [next(v for n, v in p.items() if n != "name") for p in answer.json()["parameter"]]
    assert values[2:] == ["a", "b", "ws://ecg.test/ws"]
    assert answer.headers["cache-control"] == "no-store"
    socket = await connect(bench.url)
    await socket.send(f"bind-with-token {values[0]}")
    assert [(await told(socket))[0] for _ in range(2)] == ["handshake", "handshake"]
    await socket.close()


async def test_a_token_counts_once_and_not_for_long(bench: Bench, database: Database) -> None:
    await bench.subscribe()
    token = await bench.token()
    async with database.transaction() as tx:
        stored = (await tx.execute(text("SELECT token_sha256 FROM websocket_token"))).scalar_one()
    assert token.encode() not in bytes(stored)
    first = await connect(bench.url)
    await first.send(f"bind-with-token {token}")
    assert (await told(first))[0] == "handshake"
    late = await bench.token()
    bench.clock.pass_s(61)
    for wrong in (token, late, "none", ""):
        socket = await connect(bench.url)
        await socket.send(f"bind-with-token {wrong}")
        assert (await closed(socket))[0] == connection.POLICY
    await first.close()


@pytest.mark.parametrize("message", ["bind s", "hello", "bind-with-token"])
async def test_what_is_no_binding_ends_it(bench: Bench, message: str) -> None:
    socket = await connect(bench.url)
    await socket.send(message)
    assert (await closed(socket))[0] == connection.POLICY


async def test_long_messages_and_bytes_end_it(bench: Bench) -> None:
    socket = await connect(bench.url)
    await socket.send("bind-with-token " + "x" * 10_000)
    assert (await closed(socket))[0] == 1009
    socket = await connect(bench.url)
    await socket.send(b"bind-with-token x")
    assert (await closed(socket))[0] == connection.POLICY


async def test_other_paths_take_no_websockets(bench: Bench) -> None:
    with pytest.raises(InvalidStatus) as caught:
        await connect(bench.url.replace("/ws", "/fhir/Patient"))
    assert caught.value.response.status_code == 403


async def test_who_comes_back_goes_on_where_it_was(bench: Bench, database: Database) -> None:
    await bench.subscribe()
    socket = await bench.bound()
    await told(socket)
    await bench.write("f1")
    assert (await told(socket))[1] == [1]
    async with asyncio.timeout(10):
        while not (await standing(database, "s")).delivered:  # noqa: ASYNC110 (the server does it)
            await asyncio.sleep(0.02)
    await socket.close()
    await bench.write("f2", "f3")
    again = await bench.bound()
    _, _, bundle = await told(again)
    counted = {p["name"]: p for p in bundle["entry"][0]["resource"]["parameter"]}
    assert counted["events-since-subscription-start"]["valueString"] == "3"
    assert (await told(again))[1] == [2, 3]
    await again.close()


async def test_heartbeats_come_when_nothing_else_does(bench: Bench) -> None:
    beat = extension(codes.HEARTBEAT, valueUnsignedInt=30)
    await bench.subscribe(channel={"extension": [beat]})
    socket = await bench.bound()
    await told(socket)
    bench.clock.pass_s(31)
    assert (await told(socket))[0] == "heartbeat"
    await socket.close()


async def test_a_subscription_that_is_off_ends_it(bench: Bench) -> None:
    await bench.subscribe()
    socket = await bench.bound()
    body = (await bench.client.get("Subscription/s")).json() | {"status": "off"}
    await bench.client.send("PUT", "Subscription/s", 200, json=body, headers=FHIR)
    assert (await closed(socket))[0] == connection.ENDED


async def test_clients_own_their_subscriptions_and_end_with_their_rights(
    bench: Bench, app: FastAPI, database: Database
) -> None:
    scopes = ("system/Subscription.cru", "system/Flag.rs")
    own, other = [await registered_client(app, database, *scopes) for _ in range(2)]
    await bench.subscribe(client=own)
    path = "Subscription/s/$get-ws-binding-token"
    await other.get(path, 403)
    await other.get("Subscription/none/$get-ws-binding-token", 404)
    socket = await bench.bound(client=own)
    await told(socket)
    await bench.write("f1")
    assert (await told(socket))[1] == [1]
    async with database.transaction() as tx:
        for each in await clients.listing(tx, 9):
            await clients.disable(tx, each.id)
    await bench.write("f2")
    assert (await closed(socket)) == (
        connection.POLICY,
        "the client that asked for it is disabled",
    )


async def test_an_idle_websocket_of_a_disabled_client_ends_too(
    bench: Bench, app: FastAPI, database: Database
) -> None:
    own = await registered_client(app, database, "system/Subscription.cru", "system/Flag.rs")
    await bench.subscribe(client=own)
    socket = await bench.bound(client=own)
    await told(socket)
    async with database.transaction() as tx:
        for each in await clients.listing(tx, 9):
            await clients.disable(tx, each.id)
    bench.clock.pass_s(31)
    assert (await closed(socket))[0] == connection.POLICY


async def test_rest_hooks_are_not_bound(bench: Bench) -> None:
    await bench.subscribe(channel={"type": "rest-hook"})
    await bench.client.get("Subscription/s/$get-ws-binding-token", 400)
    await bench.client.get("Subscription/$get-ws-binding-token", 400)
    await bench.client.get("Subscription/$get-ws-binding-token?color=red", 400)


async def test_websockets_are_bounded(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub, "MOST_PER_CLIENT", 2)
    await bench.subscribe()
    held = [await bench.bound() for _ in range(2)]
    for each in held:
        await told(each)
    assert (await closed(await bench.bound()))[0] == connection.TOO_SLOW
    monkeypatch.setattr(connection, "BIND_S", 0.3)
    silent = await connect(bench.url)
    assert (await closed(silent)) == (connection.POLICY, "no token came")
    monkeypatch.setattr(hub, "STRANGERS_MAX", 0)
    assert (await closed(await connect(bench.url)))[0] == connection.TOO_SLOW
    await held[0].close()
    await held[1].close()


async def test_who_takes_nothing_is_dropped(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "SEND_S", 0.3)
    await bench.subscribe(content="full-resource")
    raw = sockets.socket()
    raw.setsockopt(sockets.SOL_SOCKET, sockets.SO_RCVBUF, 4096)
    raw.connect(("127.0.0.1", int(bench.url.split(":")[2].split("/")[0])))
    raw.setblocking(False)
    socket = await connect(bench.url, sock=raw, max_queue=1)
    await socket.send(f"bind-with-token {await bench.token()}")
    await told(socket)
    await bench.write(*(f"f{n}" for n in range(16)), text={"status": "generated", "div": _LONG})
    async with asyncio.timeout(20):
        while bench.hub._bound.total():  # noqa: ASYNC110 (the server's own task ends it)
            await asyncio.sleep(0.05)
    socket.transport.abort()


async def test_what_is_told_is_in_the_trail(bench: Bench, database: Database) -> None:
    await bench.subscribe()
    socket = await bench.bound()
    await told(socket)
    await bench.write("f1")
    await told(socket)
    asked = "SELECT patient, resource_id FROM audit_entry WHERE interaction = 'notification'"
    async with database.transaction() as tx:
        found = [tuple(row) for row in await tx.execute(text(asked))]
    assert found == [("p1", "s")]
    await socket.close()


_LONG = f'<div xmlns="http://www.w3.org/1999/xhtml">{"x" * 250_000}</div>'
