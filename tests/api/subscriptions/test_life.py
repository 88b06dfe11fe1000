"""The life of a Subscription as clients change it: asked for, changed, put off, deleted."""

from sqlalchemy import text

from fhir.subscriptions.topics import ALERTS
from fhir.subscriptions.turns import turn
from fhir.values import Json
from store.database import Database
from store.subscriptions import state
from store.subscriptions.state import State, Status
from tests.api.subscriptions.conftest import Match
from tests.api.support import Client, patient
from tests.fhir.subscriptions.samples import subscription

FHIR = {"Content-Type": "application/fhir+json"}
PATH = "Subscription/s"


async def standing(database: Database) -> State | None:
    async with database.transaction() as tx:
        return await state.read(tx, "s")


async def put(client: Client, code: int = 200, **more: object) -> Json:
    answer = await client.send("PUT", PATH, code, json=subscription(id="s") | more, headers=FHIR)
    made: Json = answer.json()
    return made


async def raise_flag(client: Client, name: str) -> None:
    sent = {"resourceType": "Flag", "id": name, "status": "active", "code": {"text": "x"}}
    sent |= {"subject": {"reference": "Patient/p1"}}
    await client.send("PUT", f"Flag/{name}", 201, json=sent, headers=FHIR)


async def test_it_begins_requested_with_who_asked(subscriber: Client, database: Database) -> None:
    assert (await put(subscriber, 201, error="of theirs"))["status"] == "requested"
    assert "error" not in (await subscriber.get(PATH)).json()
    found = await standing(database)
    assert found is not None
    assert (found.status, found.client, found.scopes) == (
        Status.REQUESTED,
        "developer",
        ("system/*.cruds",),
    )
    assert (found.topic, found.channel, found.events) == (ALERTS, "rest-hook", 0)


async def test_asking_again_begins_anew_and_the_counter_goes_on(
    subscriber: Client, database: Database, match: Match
) -> None:
    await subscriber.send("PUT", "Patient/p1", 201, json=patient("p1"), headers=FHIR)
    await put(subscriber, 201)
    await raise_flag(subscriber, "f1")
    await match()
    async with database.transaction() as tx:
        await turn(tx, "s", Status.ERROR, "no answer")
        await tx.execute(text("UPDATE subscription SET attempts = 7, failing_since = now()"))
    await raise_flag(subscriber, "f2")
    made = await put(subscriber)
    assert (made["status"], "error" in made) == ("requested", False)
    await match()
    found = await standing(database)
    assert found is not None
    assert (found.status, found.events, found.attempts) == (Status.REQUESTED, 2, 0)
    assert (found.error, found.failing_since) == (None, None)


async def test_saying_the_same_again_changes_nothing(
    subscriber: Client, database: Database
) -> None:
    await put(subscriber, 201)
    before = await standing(database)
    assert (await put(subscriber))["meta"]["versionId"] == "1"
    assert await standing(database) == before
    async with database.transaction() as tx:  # as one of a release that did not act on them
        await state.remove(tx, "s")
    await put(subscriber)
    assert await standing(database) is not None


async def test_off_is_never_refused_and_counts_no_more(
    subscriber: Client, database: Database, match: Match
) -> None:
    await subscriber.send("PUT", "Patient/p1", 201, json=patient("p1"), headers=FHIR)
    await put(subscriber, 201)
    await put(subscriber, status="off", criteria="https://elsewhere.test/topic")
    await raise_flag(subscriber, "f1")
    await match()
    found = await standing(database)
    assert found is not None
    assert (found.status, found.events) == (Status.OFF, 0)


async def test_it_ends_with_its_deletion(subscriber: Client, database: Database) -> None:
    await put(subscriber, 201)
    await subscriber.send("DELETE", PATH, 204)
    assert await standing(database) is None
    await put(subscriber, 201)
    assert await standing(database) is not None


async def test_patches_and_transactions_are_noted_too(
    subscriber: Client, database: Database
) -> None:
    entry = {"resource": subscription(id="s"), "request": {"method": "PUT", "url": PATH}}
    bundle = {"resourceType": "Bundle", "type": "transaction", "entry": [entry]}
    await subscriber.send("POST", "", 200, json=bundle, headers=FHIR)
    assert (await standing(database)) is not None
    headers = {"Content-Type": "application/json-patch+json"}
    patch = [{"op": "replace", "path": "/channel/type", "value": "websocket"}]
    await subscriber.send("PATCH", PATH, 200, json=patch, headers=headers)
    found = await standing(database)
    assert found is not None
    assert found.channel == "websocket"


async def test_what_can_be_subscribed_to_is_told(subscriber: Client) -> None:
    statement = (await subscriber.get("metadata")).json()
    assert any(url.endswith("backport-subscription-server-r4") for url in statement["instantiates"])
    (told,) = [r for r in statement["rest"][0]["resource"] if r["type"] == "Subscription"]
    assert ALERTS in {each["valueCanonical"] for each in told["extension"]}
    assert any(url.endswith("/backport-subscription") for url in told["supportedProfile"])
    assert {each["name"] for each in told["operation"]} >= {"status", "events"}
