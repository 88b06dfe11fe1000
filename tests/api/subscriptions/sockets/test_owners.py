"""A websocket tells of the Subscription that it was bound to, and of no other of its name."""

import asyncio

from fastapi import FastAPI
from prometheus_client import REGISTRY

from api.sockets import connection
from store.database import Database
from tests.api.subscriptions.sockets.conftest import FHIR, Bench
from tests.api.subscriptions.sockets.test_websockets import closed, told
from tests.api.subscriptions.test_journey import _client as registered_client
from tests.fhir.subscriptions.samples import subscription


async def test_a_subscription_of_another_client_now_is_told_to_that_one(
    bench: Bench, app: FastAPI, database: Database
) -> None:
    scopes = ("system/Subscription.cru", "system/Flag.rs")
    own, other = [await registered_client(app, database, *scopes) for _ in range(2)]
    await bench.subscribe(client=own)
    socket = await bench.bound(client=own)
    await told(socket)
    body = subscription(id="s", channel={"type": "websocket"}, reason="Theirs")
    await other.send("PUT", "Subscription/s", 200, json=body, headers=FHIR)
    theirs = await bench.bound(client=other)
    await told(theirs)
    await bench.write("f1")
    assert (await told(theirs))[1] == [1]
    code, _ = await closed(socket)
    assert code == connection.ENDED
    await theirs.close()


async def test_one_that_was_made_anew_is_bound_anew(bench: Bench) -> None:
    await bench.subscribe()
    socket = await bench.bound()
    await told(socket)
    await bench.write("f1", "f2")
    await told(socket)
    await bench.client.send("DELETE", "Subscription/s", 204)
    await bench.subscribe()
    assert (await closed(socket))[0] == connection.ENDED
    again = await bench.bound()
    await told(again)
    await bench.write("f3")
    assert (await told(again))[1] == [1]
    await again.close()


def _count(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0.0


async def test_what_is_bound_sent_and_closed_is_counted(bench: Bench) -> None:
    shaken = ("hisbundle_websocket_notifications_total", {"kind": "handshake"})
    refused = ("hisbundle_websockets_closed_total", {"reason": "refused"})
    before = [_count(name, **labels) for name, labels in (shaken, refused)]
    await bench.subscribe()
    socket = await bench.bound()
    await told(socket)
    assert _count("hisbundle_websockets_bound") == 1
    await socket.send("hello")
    assert (await closed(socket))[0] == connection.POLICY
    async with asyncio.timeout(20):
        while _count(refused[0], **refused[1]) == before[1]:  # noqa: ASYNC110 (the server does it)
            await asyncio.sleep(0.02)
    assert _count(shaken[0], **shaken[1]) == before[0] + 1
    assert _count("hisbundle_websockets_bound") == 0
