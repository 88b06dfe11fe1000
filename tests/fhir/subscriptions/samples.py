"""Subscriptions to send."""

from typing import Any

from fhir.subscriptions import codes
from fhir.subscriptions.topics import ALERTS
from fhir.values import Json

ENDPOINT = "https://ehr.test/hook"


def extension(url: str, **value: Any) -> Json:
    return {"url": url} | value


def subscription(
    criteria: str = ALERTS,
    *filters: str,
    content: str | None = "id-only",
    channel: Json | None = None,
    **more: Any,
) -> Json:
    """A topic-based Subscription; ``channel`` replaces elements of its channel."""
    told: Json = {
        "type": "rest-hook",
        "endpoint": ENDPOINT,
        "payload": "application/fhir+json",
        "header": ["Authorization: Bearer sample"],
    }
    if content is not None:
        told["_payload"] = {"extension": [extension(codes.CONTENT, valueCode=content)]}
    made: Json = {
        "resourceType": "Subscription",
        "status": "requested",
        "reason": "Tests",
        "criteria": criteria,
        "channel": told | (channel or {}),
    }
    if filters:
        own = [extension(codes.FILTER, valueString=text) for text in filters]
        made["_criteria"] = {"extension": own}
    return made | more
