"""A plain webhook in the form of PagerDuty's Events API v2, which others take too.

https://developer.pagerduty.com/docs/events-api-v2-overview. The routing key is a setting, never in
the database, and goes to the origins alone that the operator has listed, by guarded requests
(core.outbound).
"""

from collections.abc import Sequence
from typing import Any

import orjson

from alerting.channels.channel import Refused
from core.alerts import Priority
from core.errors import Forbidden, Unavailable
from core.messages import Message
from core.moments import instant
from core.outbound import Outbound
from fhir.subscriptions.endpoints import check_endpoint

TIMEOUT_S = 10.0
_SEVERITIES = {Priority.HIGH: "critical", Priority.MEDIUM: "error", Priority.LOW: "warning"}
_HEADERS = (("Content-Type", "application/json"), ("Accept-Encoding", "identity"))
_LATER = frozenset({408, 425, 429})


class Webhook:
    """Events by POST; one alarm is one incident there, whatever is told of it."""

    def __init__(self, outbound: Outbound, routing_key: str, origins: Sequence[str]) -> None:
        self._outbound, self._routing_key, self._origins = outbound, routing_key, origins

    async def send(self, address: str, message: Message, key: str) -> str:
        """Post the event; "" as receipt, for answers are not read. Raises Refused or Unavailable.

        ``key`` is not used: the receiver tells doubles by the alarm and the action.
        """
        body = orjson.dumps(event(message, self._routing_key))
        try:
            check_endpoint(address, self._origins)
            status = await self._outbound.post(address, body, _HEADERS, TIMEOUT_S)
        except Forbidden as error:
            raise Refused(str(error)) from error
        if status >= 500 or status in _LATER:
            raise Unavailable(f"webhook: status {status}")
        if not 200 <= status < 300:
            raise Refused(f"status {status}")
        return ""


def event(message: Message, routing_key: str) -> dict[str, Any]:
    """The event as JSON-able data."""
    return {
        "routing_key": routing_key,
        "event_action": message.event.value,
        "dedup_key": message.alarm,
        "client": "hisbundle",
        "links": [{"href": message.link, "text": "Flag"}],
        "payload": {
            "summary": message.display,
            "source": f"session {message.session}",
            "severity": _SEVERITIES[message.priority],
            "timestamp": instant(message.opened_at),
            "class": message.kind.value,
            "custom_details": {
                "strip": message.strip_index,
                "count": message.count,
                "confidence": message.confidence,
            },
        },
    }
