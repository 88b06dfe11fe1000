"""A Subscription resource as what it asks for: which versions, told where and how.

Everything that is not supported is refused, each with what would be accepted. Source:
https://hl7.org/fhir/uv/subscriptions-backport/STU1.1/StructureDefinition-backport-subscription.html
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from core.errors import Incorrect
from fhir.search.values import date_range
from fhir.subscriptions import channels, extensions, selection
from fhir.subscriptions.notification import Payload
from fhir.subscriptions.selection import Selected
from fhir.subscriptions.topics import Topic
from fhir.validation.issue import Issue, Rejected, error
from fhir.values import Json


class ChannelType(StrEnum):
    """Ways to subscribers."""

    REST_HOOK = "rest-hook"
    WEBSOCKET = "websocket"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a Subscription asks for.

    ``topic`` is None for criteria in R4's style. ``types`` gives, for each type whose versions
    count, the clauses that all hold. ``endpoint`` is None for a websocket, ``media_type`` is
    that of what is sent and ``headers`` go with it. ``heartbeat_s`` None sends no heartbeats;
    ``timeout_s`` bounds an attempt and ``max_count`` the events of one notification.
    """

    id: str
    topic: Topic | None
    types: Mapping[str, Selected]
    channel: ChannelType
    endpoint: str | None
    headers: tuple[tuple[str, str], ...]
    media_type: str
    payload: Payload
    heartbeat_s: int | None
    timeout_s: int
    max_count: int
    ends: datetime | None


def wanted(body: Json) -> Wanted:
    """What a Subscription, valid as a resource, asks for.

    Raises fhir.validation.issue.Rejected with all that is not supported of it.
    """
    issues: list[Issue] = [*extensions.unknown(body)]
    criteria, channel = str(body.get("criteria", "")), dict(body.get("channel", {}))
    topic = selection.topic(criteria, issues)
    types = selection.select(criteria, topic, extensions.filters(body), issues)
    told = channels.told(channel, issues, needs_payload=topic is not None)
    kind = channels.one_of(ChannelType, channel.get("type"), "Subscription.channel.type", issues)
    is_hook = kind is ChannelType.REST_HOOK
    if is_hook and not channel.get("endpoint"):
        issues.append(error("required", "a rest-hook has an endpoint", channels.ENDPOINT))
    ends = _ends(body, issues)
    if issues or kind is None or told is None:
        raise Rejected(issues)
    return Wanted(
        id=str(body.get("id", "")),
        topic=topic,
        types=types,
        channel=kind,
        endpoint=str(channel["endpoint"]) if is_hook else None,
        headers=told.headers,
        media_type=told.media_type,
        payload=told.payload,
        heartbeat_s=told.heartbeat_s,
        timeout_s=told.timeout_s,
        max_count=told.max_count,
        ends=ends,
    )


def _ends(body: Json, issues: list[Issue]) -> datetime | None:
    if "end" not in body:
        return None
    try:
        return date_range(str(body["end"]))[0]
    except Incorrect as wrong:
        issues.append(error("value", str(wrong), "Subscription.end"))
        return None
