"""A Subscription's state and its events, for tests."""

from datetime import UTC, datetime, timedelta
from typing import Any

from store.subscriptions.events import Event, Trigger
from store.subscriptions.state import State, Status

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
TOPIC = "https://hospital.example/SubscriptionTopic/any"


def state(**changes: Any) -> State:
    """An active Subscription that has had two events."""
    values: dict[str, Any] = {
        "id": "s1",
        "client": "ehr",
        "scopes": ("system/*.rs",),
        "status": Status.ACTIVE,
        "channel": "rest-hook",
        "topic": TOPIC,
        "since": NOON,
        "ends": None,
        "events": 2,
        "delivered": 0,
        "attempts": 0,
        "failing_since": None,
        "next_try_at": NOON,
        "heartbeat_at": None,
        "error": None,
    }
    return State(**values | changes)


def event(number: int, trigger: Trigger = Trigger.CREATE, version: int = 1) -> Event:
    """An event about one Flag."""
    stamp = NOON + timedelta(seconds=number)
    return Event(number, "Flag", "f1", version, trigger, "p1", stamp)
