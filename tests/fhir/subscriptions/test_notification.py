"""Notification Bundles, held against HL7's definitions and the guide's profiles."""

from typing import Any

import pytest

from fhir.subscriptions.codes import FEED, FEED_EVENT
from fhir.subscriptions.notification import (
    Kind,
    Payload,
    Shown,
    notification_bundle,
    status_bundle,
)
from fhir.values import Json
from store.subscriptions.events import Trigger
from store.subscriptions.state import Status
from tests.conformance.checker import conformant
from tests.fhir.subscriptions.backport import notification, status
from tests.fhir.subscriptions.states import NOON, TOPIC, event, state

BASE = "https://hospital.example/fhir"
FLAG = {
    "resourceType": "Flag",
    "id": "f1",
    "meta": {"versionId": "1", "lastUpdated": "2026-03-01T12:00:01.000Z"},
    "status": "active",
    "code": {"text": "Pause"},
    "subject": {"reference": "Patient/p1"},
}
THREE = (
    Shown(event(1), FLAG),
    Shown(event(2, Trigger.UPDATE, 2), FLAG),
    Shown(event(3, Trigger.DELETE, 3)),
)


def _parameter(bundle: Json, name: str) -> list[Json]:
    return [p for p in bundle["entry"][0]["resource"]["parameter"] if p["name"] == name]


def _bundle(kind: Kind, payload: Payload, shown: tuple[Shown, ...] = (), **changes: Any) -> Json:
    made = notification_bundle(kind, state(**changes), BASE, NOON, payload, shown)
    conformant(made)
    notification(made)
    return made


@pytest.mark.parametrize("kind", Kind)
@pytest.mark.parametrize("payload", Payload)
@pytest.mark.parametrize("shown", [(), THREE])
def test_every_kind_conforms(kind: Kind, payload: Payload, shown: tuple[Shown, ...]) -> None:
    made = _bundle(kind, payload, shown)
    assert made["type"] == "history"
    assert _parameter(made, "type")[0]["valueCode"] == kind.value
    assert len(_parameter(made, "notification-event")) == len(shown)


def test_the_status_comes_first_and_answers_its_operation() -> None:
    first = _bundle(Kind.HANDSHAKE, Payload.ID_ONLY, status=Status.REQUESTED)["entry"][0]
    assert first["resource"]["resourceType"] == "Parameters"
    url = f"{BASE}/Subscription/s1/$status"
    assert first["request"] == {"method": "GET", "url": url}


def test_every_entry_has_request_and_response() -> None:
    entries = _bundle(Kind.EVENT, Payload.FULL, THREE)["entry"]
    assert [e["request"]["method"] for e in entries] == ["GET", "POST", "PUT", "DELETE"]
    assert [e["response"]["status"] for e in entries] == ["200", "201", "200", "204"]
    assert [e["response"].get("etag") for e in entries[1:]] == ['W/"1"', 'W/"2"', 'W/"3"']


def test_the_counter_and_the_numbers_are_told_in_every_payload() -> None:
    for payload in Payload:
        made = _bundle(Kind.EVENT, payload, THREE, events=7)
        assert _parameter(made, "events-since-subscription-start")[0]["valueString"] == "7"
        numbers = [e["part"][0] for e in _parameter(made, "notification-event")]
        assert numbers == [{"name": "event-number", "valueString": str(n)} for n in (1, 2, 3)]


def test_an_empty_payload_refers_to_nothing() -> None:
    made = _bundle(Kind.EVENT, Payload.EMPTY, THREE)
    assert len(made["entry"]) == 1
    assert _parameter(made, "topic") == []
    names = {part["name"] for e in _parameter(made, "notification-event") for part in e["part"]}
    assert names == {"event-number", "timestamp"}


def test_id_only_tells_where_and_nothing_more() -> None:
    made = _bundle(Kind.EVENT, Payload.ID_ONLY, THREE)
    assert [e["fullUrl"] for e in made["entry"][1:]] == [f"{BASE}/Flag/f1"] * 3
    assert all("resource" not in e for e in made["entry"][1:])
    assert _focuses(made) == [f"{BASE}/Flag/f1"] * 3


def test_full_resource_carries_the_versions() -> None:
    made = _bundle(Kind.EVENT, Payload.FULL, THREE)
    assert [e.get("resource") for e in made["entry"][1:]] == [FLAG, FLAG, None]
    assert _focuses(made) == [f"{BASE}/Flag/f1"] * 3
    assert _parameter(made, "topic")[0]["valueCanonical"] == TOPIC


def _focuses(bundle: Json) -> list[str]:
    return [
        part["valueReference"]["reference"]
        for e in _parameter(bundle, "notification-event")
        for part in e["part"]
        if part["name"] == "focus"
    ]


@pytest.mark.parametrize("payload", Payload)
def test_what_may_not_be_read_keeps_its_number_alone(payload: Payload) -> None:
    made = _bundle(Kind.EVENT, payload, (Shown(event(1), FLAG, is_seen=False),))
    assert len(made["entry"]) == 1
    (told,) = _parameter(made, "notification-event")
    assert [part["name"] for part in told["part"]] == ["event-number", "timestamp"]


def test_the_feed_names_its_trigger() -> None:
    made = _bundle(Kind.EVENT, Payload.ID_ONLY, THREE, topic=FEED)
    (told, *_) = _parameter(made, "notification-event")
    assert {"name": "trigger", "valueCoding": FEED_EVENT} in told["part"]


def test_criteria_of_the_old_style_have_no_topic() -> None:
    assert _parameter(_bundle(Kind.EVENT, Payload.FULL, THREE, topic=None), "topic") == []


def test_an_error_is_told() -> None:
    made = _bundle(Kind.HEARTBEAT, Payload.EMPTY, status=Status.ERROR, error="410 Gone")
    assert _parameter(made, "error")[0]["valueCodeableConcept"] == {"text": "410 Gone"}
    assert _parameter(made, "status")[0]["valueCode"] == "error"


def test_status_is_one_entry_for_each() -> None:
    states = [state(), state(id="s2", status=Status.OFF, topic=None)]
    made = status_bundle(states, BASE, NOON)
    conformant(made)
    assert (made["type"], made["total"]) == ("searchset", 2)
    for entry in made["entry"]:
        status(entry["resource"])
    told = [e["resource"]["parameter"][0]["valueReference"]["reference"] for e in made["entry"]]
    assert told == [f"{BASE}/Subscription/{name}" for name in ("s1", "s2")]
    conformant(status_bundle([], BASE, NOON))
