"""$events: what was missed, as far as the caller may read it now."""

from typing import Any

import pytest

from fhir.values import Json
from tests.api.conftest import Scoped
from tests.api.subscriptions.conftest import Match
from tests.api.support import Client
from tests.fhir.subscriptions.backport import notification
from tests.fhir.subscriptions.samples import subscription

FHIR = {"Content-Type": "application/fhir+json"}
PATH = "Subscription/s/$events"


def flag(id_: str, **more: Any) -> Json:
    return {
        "resourceType": "Flag",
        "id": id_,
        "status": "active",
        "code": {"text": "pause"},
        "subject": {"reference": "Patient/p1"},
    } | more


@pytest.fixture
async def three(subscriber: Client, match: Match) -> None:
    """A Subscription of some content that has had three events, the last a deletion."""
    await subscriber.send(
        "PUT", "Patient/p1", 201, json={"resourceType": "Patient", "id": "p1"}, headers=FHIR
    )
    await subscriber.send("PUT", "Subscription/s", 201, json=subscription(id="s"), headers=FHIR)
    for name in ("f1", "f2"):
        await subscriber.send("PUT", f"Flag/{name}", 201, json=flag(name), headers=FHIR)
    await subscriber.send("DELETE", "Flag/f1", 204)
    await match()


def events(bundle: Json) -> list[tuple[str, str | None]]:
    """Number and focus of each."""
    notification(bundle)
    parameters = bundle["entry"][0]["resource"]["parameter"]
    kind = next(p["valueCode"] for p in parameters if p["name"] == "type")
    assert kind == "query-event"
    found = []
    for parameter in parameters:
        if parameter["name"] == "notification-event":
            parts = {part["name"]: part for part in parameter["part"]}
            focus = parts.get("focus", {}).get("valueReference", {}).get("reference")
            place = None if focus is None else focus.partition("/fhir/")[2]
            found.append((parts["event-number"]["valueString"], place))
    return found


ALL = [("1", "Flag/f1"), ("2", "Flag/f2"), ("3", "Flag/f1")]


async def test_from_and_until(subscriber: Client, three: None) -> None:
    for query, expected in (
        ("", ALL),
        ("?eventsSinceNumber=2", ALL[1:]),
        ("?eventsUntilNumber=2", ALL[:2]),
        ("?eventsSinceNumber=2&eventsUntilNumber=2", ALL[1:2]),
        ("?eventsSinceNumber=4", []),
    ):
        assert events((await subscriber.get(PATH + query)).json()) == expected
    listed = [{"name": "eventsSinceNumber", "valueString": "3"}]
    body = {"resourceType": "Parameters", "parameter": listed}
    answer = await subscriber.send("POST", PATH, 200, json=body, headers=FHIR)
    assert events(answer.json()) == ALL[2:]


async def test_the_content_that_is_asked_for(subscriber: Client, three: None) -> None:
    empty = (await subscriber.get(f"{PATH}?content=empty")).json()
    assert events(empty) == [("1", None), ("2", None), ("3", None)]
    assert len(empty["entry"]) == 1
    ids = (await subscriber.get(PATH)).json()
    assert not any("resource" in entry for entry in ids["entry"][1:])
    full = (await subscriber.get(f"{PATH}?content=full-resource")).json()["entry"][1:]
    assert [entry.get("resource", {}).get("id") for entry in full] == ["f1", "f2", None]
    assert [entry["request"]["method"] for entry in full] == ["POST", "POST", "DELETE"]


async def test_what_may_not_be_read_now_tells_its_number_alone(
    three: None, with_scopes: Scoped
) -> None:
    client = with_scopes("system/Subscription.r", "system/Observation.r")
    for content in ("empty", "id-only", "full-resource"):
        bundle = (await client.get(f"{PATH}?content={content}")).json()
        assert events(bundle) == [("1", None), ("2", None), ("3", None)]
        assert len(bundle["entry"]) == 1


async def test_what_is_refused(subscriber: Client, three: None) -> None:
    for query in ("colour=red", "eventsSinceNumber=-1", "eventsSinceNumber=x", "content=all"):
        await subscriber.get(f"{PATH}?{query}", 400)
    await subscriber.get("Subscription/nobody/$events", 404)


async def test_the_status_counts_events(subscriber: Client, three: None) -> None:
    bundle = (await subscriber.get("Subscription/s/$status")).json()
    values = {p["name"]: p for p in bundle["entry"][0]["resource"]["parameter"]}
    assert values["events-since-subscription-start"]["valueString"] == "3"
