"""The rules of the guide's two profiles on notifications, read from their definitions.

https://hl7.org/fhir/uv/subscriptions-backport/STU1.1/, backport-subscription-notification-r4 and
backport-subscription-status-r4: names, cardinality and types of the slices.
"""

from typing import Any

Json = dict[str, Any]

_STATUS = {
    "subscription": (1, 1, "valueReference"),
    "topic": (0, 1, "valueCanonical"),
    "status": (1, 1, "valueCode"),
    "type": (1, 1, "valueCode"),
    "events-since-subscription-start": (0, 1, "valueString"),
    "notification-event": (0, None, "part"),
    "error": (0, None, "valueCodeableConcept"),
}
_EVENT = {
    "event-number": (1, 1, "valueString"),
    "timestamp": (0, 1, "valueInstant"),
    "focus": (0, 1, "valueReference"),
    "additional-context": (0, None, "valueReference"),
    "trigger": (0, None, "valueCoding"),  # US Core's
}
_TYPES = {"handshake", "heartbeat", "event-notification", "query-status", "query-event"}


def notification(bundle: Json) -> None:
    """Assert that it is a notification: a history that begins with the one status."""
    assert bundle["type"] == "history"
    first, *rest = bundle["entry"]
    status(first["resource"])
    assert not any(e.get("resource", {}).get("resourceType") == "Parameters" for e in rest)
    for entry in bundle["entry"]:
        assert entry["request"]["method"]
        assert entry["request"]["url"]
        assert entry["response"]["status"]
        assert entry["fullUrl"]


def status(parameters: Json) -> None:
    """Assert that it is a status: every slice as often and of the type that is said."""
    assert parameters["resourceType"] == "Parameters"
    _slices(parameters["parameter"], _STATUS)
    values = {p["name"]: p for p in parameters["parameter"]}
    assert values["status"]["valueCode"] in {"requested", "active", "error", "off"}
    assert values["type"]["valueCode"] in _TYPES
    for one in parameters["parameter"]:
        if one["name"] == "notification-event":
            _slices(one["part"], _EVENT)


def _slices(found: list[Json], rules: dict[str, tuple[int, int | None, str]]) -> None:
    names = [one["name"] for one in found]
    assert set(names) <= set(rules)
    for name, (low, high, _) in rules.items():
        assert low <= names.count(name) <= (len(names) if high is None else high), name
    for one in found:
        assert set(one) == {"name", rules[one["name"]][2]}, one
