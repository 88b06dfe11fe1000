"""A websocket tells of the Subscription that it was bound to, and of no other of its name."""

from fastapi import FastAPI

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
