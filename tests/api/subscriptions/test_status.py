"""$status: of one and of several."""

import pytest

from fhir.subscriptions.turns import turn
from fhir.values import Json
from store.database import Database
from store.subscriptions.state import Status
from tests.api.conftest import Scoped
from tests.api.support import Client, store
from tests.fhir.subscriptions.backport import status
from tests.fhir.subscriptions.samples import subscription

FHIR = {"Content-Type": "application/fhir+json"}


def told(bundle: Json) -> dict[str, str]:
    """Statuses by the Subscription's id."""
    found = {}
    for entry in bundle.get("entry", []):
        status(entry["resource"])
        values = {p["name"]: p for p in entry["resource"]["parameter"]}
        assert values["type"]["valueCode"] == "query-status"
        name = values["subscription"]["valueReference"]["reference"].rpartition("/")[2]
        found[name] = values["status"]["valueCode"]
    assert bundle["type"] == "searchset"
    assert bundle["total"] == len(found)
    return found


@pytest.fixture
async def three(subscriber: Client, database: Database) -> None:
    for name in ("a", "b", "c"):
        path = f"Subscription/{name}"
        await subscriber.send("PUT", path, 201, json=subscription(id=name), headers=FHIR)
    for name, new, error in (("a", Status.ACTIVE, None), ("b", Status.ERROR, "no answer")):
        async with database.transaction() as tx:
            await turn(tx, name, new, error)


async def test_of_one(subscriber: Client, three: None) -> None:
    path = "Subscription/b/$status"
    for query in ("", "?id=a", "?status=off", "?_format=json&_pretty=true"):
        assert told((await subscriber.get(path + query)).json()) == {"b": "error"}
    bundle = (await subscriber.send("POST", path, 200)).json()
    values = {p["name"]: p for p in bundle["entry"][0]["resource"]["parameter"]}
    assert values["error"]["valueCodeableConcept"]["text"] == "no answer"
    assert values["events-since-subscription-start"]["valueString"] == "0"
    read = (await subscriber.get("Subscription/b")).json()
    assert (read["status"], read["error"]) == ("error", "no answer")


async def test_of_several(subscriber: Client, three: None) -> None:
    for query, expected in (
        ("", "abc"),
        ("?id=a", "a"),
        ("?id=a&id=c&id=nobody", "ac"),
        ("?status=active", "a"),
        ("?status=active&status=requested", "ac"),
        ("?id=a&id=b&status=error", "b"),
        ("?status=off", ""),
    ):
        path = f"Subscription/$status{query}"
        assert "".join(told((await subscriber.get(path)).json())) == expected


async def test_by_parameters_in_a_body(subscriber: Client, three: None) -> None:
    listed = [{"name": "id", "valueId": "a"}, {"name": "status", "valueCode": "active"}]
    body = {"resourceType": "Parameters", "parameter": listed}
    answer = await subscriber.send("POST", "Subscription/$status", 200, json=body, headers=FHIR)
    assert told(answer.json()) == {"a": "active"}


async def test_what_is_refused(
    subscriber: Client, three: None, with_scopes: Scoped, database: Database
) -> None:
    await store(database, subscription(id="old"))  # of a release that did not act on it
    for path, code in (
        ("$status?colour=red", 400),
        ("$status?status=asleep", 400),
        ("$status?id=a%00", 400),
        ("$get-ws-binding-token?id=a%00", 400),
        ("nobody/$status", 404),
        ("old/$status", 404),
        ("$status?_format=pdf", 406),
    ):
        await subscriber.get(f"Subscription/{path}", code)
    for path in ("Subscription/$status", "Subscription/a/$status", "Subscription/a/$events"):
        await with_scopes("system/Flag.rs").get(path, 403)
    await subscriber.send("DELETE", "Subscription/a", 204)
    await subscriber.get("Subscription/a/$status", 410)
    assert told((await subscriber.get("Subscription/$status")).json()).keys() == {"b", "c"}
