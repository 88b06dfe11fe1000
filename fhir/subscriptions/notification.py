"""Notification Bundles of topic-based Subscriptions on R4, and the answer to ``$status``.

Source: https://hl7.org/fhir/uv/subscriptions-backport/STU1.1/notifications.html, profiles
backport-subscription-notification-r4 and backport-subscription-status-r4.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import uuid4

from fhir.bundle import version
from fhir.subscriptions.codes import FEED, FEED_EVENT, STATUS_PROFILE
from fhir.values import Json, compact, instant
from store.subscriptions.events import Event, Trigger
from store.subscriptions.state import State


class Kind(StrEnum):
    """What a notification is (http://hl7.org/fhir/subscription-notification-type)."""

    HANDSHAKE = "handshake"
    HEARTBEAT = "heartbeat"
    EVENT = "event-notification"
    QUERY_STATUS = "query-status"
    QUERY_EVENT = "query-event"


class Payload(StrEnum):
    """How much of the resources a notification carries."""

    EMPTY = "empty"
    ID_ONLY = "id-only"
    FULL = "full-resource"


@dataclass(frozen=True, slots=True)
class Shown:
    """One event as this subscriber may be told of it.

    ``content`` is the version of the event (a dict or ``orjson.Fragment``); None where it is a
    deletion or cannot be had. What the subscriber may not read is not ``is_seen``: it keeps its
    number and time, and nothing tells what it was.
    """

    event: Event
    content: Any = None
    is_seen: bool = True


def notification_bundle(
    kind: Kind,
    state: State,
    base_url: str,
    now: datetime,
    payload: Payload,
    shown: Sequence[Shown] = (),
) -> Json:
    """A notification: the status first, then what ``payload`` allows of each event.

    ``payload`` is the Subscription's; ``shown`` are in the order of their numbers. ``base_url``
    is the FHIR base without a slash at its end; references and fullUrls are absolute.
    """
    first = _status_entry(kind, state, base_url, payload, shown)
    asked = {"method": "GET", "url": f"{base_url}/Subscription/{state.id}/$status"}
    first |= {"request": asked, "response": {"status": "200"}}
    entries = [first]
    if payload is not Payload.EMPTY:
        entries += [_entry(one, base_url, payload) for one in shown if one.is_seen]
    return {
        "resourceType": "Bundle",
        "id": str(uuid4()),
        "type": "history",
        "timestamp": instant(now),
        "entry": entries,
    }


def status_bundle(states: Sequence[State], base_url: str, now: datetime) -> Json:
    """The answer to ``$status``: a searchset with the status of each."""
    entries = [
        _status_entry(Kind.QUERY_STATUS, state, base_url, Payload.ID_ONLY, ())
        | {"search": {"mode": "match"}}
        for state in states
    ]
    return compact(
        {
            "resourceType": "Bundle",
            "id": str(uuid4()),
            "type": "searchset",
            "timestamp": instant(now),
            "total": len(entries),
            "entry": entries,
        }
    )


def _status_entry(
    kind: Kind, state: State, base_url: str, payload: Payload, shown: Sequence[Shown]
) -> Json:
    name = str(uuid4())
    body = {
        "resourceType": "Parameters",
        "id": name,
        "meta": {"profile": [STATUS_PROFILE]},
        "parameter": _parameters(kind, state, base_url, payload, shown),
    }
    return {"fullUrl": f"urn:uuid:{name}", "resource": body}


def _parameters(
    kind: Kind, state: State, base_url: str, payload: Payload, shown: Sequence[Shown]
) -> list[Json]:
    own = f"{base_url}/Subscription/{state.id}"
    found: list[Json] = [{"name": "subscription", "valueReference": {"reference": own}}]
    if state.topic is not None and payload is not Payload.EMPTY:
        found.append({"name": "topic", "valueCanonical": state.topic})
    found += [
        {"name": "status", "valueCode": state.status.value},
        {"name": "type", "valueCode": kind.value},
        {"name": "events-since-subscription-start", "valueString": str(state.events)},
    ]
    found += [_event(one, state, base_url, payload) for one in shown]
    if state.error is not None:
        found.append({"name": "error", "valueCodeableConcept": {"text": state.error}})
    return found


def _event(shown: Shown, state: State, base_url: str, payload: Payload) -> Json:
    event = shown.event
    parts: list[Json] = [
        {"name": "event-number", "valueString": str(event.number)},
        {"name": "timestamp", "valueInstant": instant(event.stamp)},
    ]
    if shown.is_seen and payload is not Payload.EMPTY:
        place = f"{base_url}/{event.type}/{event.id}"
        parts.append({"name": "focus", "valueReference": {"reference": place}})
    if state.topic == FEED:
        parts.append({"name": "trigger", "valueCoding": FEED_EVENT})
    return {"name": "notification-event", "part": parts}


def _entry(shown: Shown, base_url: str, payload: Payload) -> Json:
    """What happened, as an entry of a history; its content where the payload carries it."""
    event = shown.event
    entry = version(
        base_url,
        event.type,
        event.id,
        shown.content if payload is Payload.FULL else None,
        number=event.version,
        last_updated=event.stamp,
    )
    return entry | _interaction(event, entry["response"])


def _interaction(event: Event, response: Json) -> Json:
    """The request that would have caused it (a create here is a POST to the type)."""
    place = f"{event.type}/{event.id}"
    match event.trigger:
        case Trigger.CREATE:
            request, status = {"method": "POST", "url": event.type}, "201"
        case Trigger.UPDATE:
            request, status = {"method": "PUT", "url": place}, "200"
        case Trigger.DELETE:
            request, status = {"method": "DELETE", "url": place}, "204"
    return {"request": request, "response": response | {"status": status}}
