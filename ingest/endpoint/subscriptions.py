"""What one device listens to: its own acknowledgements and commands, nothing else.

Reason codes: OASIS MQTT 5.0, sections 3.9.3 and 3.11.3.
"""

from uuid import UUID

import structlog
from mqtt5 import (
    DisconnectReasonCode,
    SubAckPacket,
    SubAckReasonCode,
    SubscribePacket,
    UnsubAckPacket,
    UnsubAckReasonCode,
    UnsubscribePacket,
)

from core.topics import ack_topic, command_topic
from ingest.endpoint.inbox import Violation

log = structlog.get_logger(__name__)
_GRANTED = SubAckReasonCode.GRANTED_QOS_AT_MOST_ONCE


class Subscriptions:
    """The topics that one connection of a device has subscribed to, all granted at QoS 0."""

    def __init__(self, device_id: UUID) -> None:
        self._device_id = device_id
        self._own = {ack_topic(device_id), command_topic(device_id)}
        self._topics: set[str] = set()

    def __contains__(self, topic: str) -> bool:
        return topic in self._topics

    def subscribe(self, packet: SubscribePacket) -> SubAckPacket:
        """Add what may be added; the answer to each filter.

        Raises Violation for a subscription identifier, or for no filter at all.
        """
        if packet.subscription_id is not None:
            raise Violation(
                DisconnectReasonCode.SUBSCRIPTION_IDS_NOT_SUPPORTED,
                "subscription identifiers are not supported",
            )
        if not packet.subscriptions or packet.packet_id == 0:
            raise Violation(DisconnectReasonCode.PROTOCOL_ERROR, "SUBSCRIBE without filter or id")
        return SubAckPacket(packet.packet_id, [self._add(s.pattern) for s in packet.subscriptions])

    def _add(self, pattern: str) -> SubAckReasonCode:
        reason = self._judge(pattern)
        if reason is _GRANTED:
            self._topics.add(pattern)
        else:
            log.warning(
                "mqtt.subscription_refused",
                device=str(self._device_id),
                topic=pattern[:80],
                reason=reason.name,
            )
        return reason

    def _judge(self, pattern: str) -> SubAckReasonCode:
        if pattern in self._own:
            return _GRANTED
        if pattern.startswith("$share/"):
            return SubAckReasonCode.SHARED_SUBSCRIPTIONS_NOT_SUPPORTED
        if "#" in pattern or "+" in pattern:
            return SubAckReasonCode.WILDCARD_SUBSCRIPTIONS_NOT_SUPPORTED
        if not pattern or "\0" in pattern:
            return SubAckReasonCode.TOPIC_FILTER_INVALID
        return SubAckReasonCode.NOT_AUTHORIZED

    def unsubscribe(self, packet: UnsubscribePacket) -> UnsubAckPacket:
        """Remove what is there; the answer to each filter. Raises Violation for no filter."""
        if not packet.patterns or packet.packet_id == 0:
            raise Violation(DisconnectReasonCode.PROTOCOL_ERROR, "UNSUBSCRIBE without filter or id")
        return UnsubAckPacket(packet.packet_id, [self._remove(p) for p in packet.patterns])

    def _remove(self, pattern: str) -> UnsubAckReasonCode:
        if pattern not in self._topics:
            return UnsubAckReasonCode.NO_SUBSCRIPTION_EXISTED
        self._topics.discard(pattern)
        return UnsubAckReasonCode.SUCCESS
