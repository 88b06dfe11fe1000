"""What a device may publish, and how the outcome is told to it.

Reason codes: OASIS MQTT 5.0, section 2.4.
"""

from mqtt5 import (
    DisconnectReasonCode,
    PubAckPacket,
    PubAckReasonCode,
    PublishPacket,
    QoS,
)

from ingest.endpoint.inbox import Violation
from ingest.frames import Outcome, Refusal

_PUBACK = {
    Refusal.MALFORMED: PubAckReasonCode.PAYLOAD_FORMAT_INVALID,
    Refusal.BAD_TAG: PubAckReasonCode.PAYLOAD_FORMAT_INVALID,
    Refusal.CONFLICT: PubAckReasonCode.IMPLEMENTATION_SPECIFIC_ERROR,
    Refusal.AWAY: PubAckReasonCode.IMPLEMENTATION_SPECIFIC_ERROR,
}


def puback(packet_id: int, outcome: Outcome, explain: bool) -> PubAckPacket:
    """The PUBACK of a settled publish; ``explain`` adds the refusal's name as reason string."""
    if outcome.refusal is None:
        return PubAckPacket(packet_id)
    return PubAckPacket(
        packet_id,
        reason_code=_PUBACK.get(outcome.refusal, PubAckReasonCode.NOT_AUTHORIZED),
        reason_str=outcome.refusal.value if explain else None,
    )


def check_publish(packet: PublishPacket) -> None:
    """Raises Violation for what CONNACK said is not available, and for impossible topics.

    Whose topic it is, is for the ingest core to judge: it also keeps a refused frame aside.
    """
    reason = DisconnectReasonCode
    if packet.qos is QoS.EXACTLY_ONCE:
        raise Violation(reason.QOS_NOT_SUPPORTED, "QoS 2 is not supported")
    if packet.retain:
        raise Violation(reason.RETAIN_NOT_SUPPORTED, "retained messages are not supported")
    if packet.topic_alias is not None:
        raise Violation(reason.TOPIC_ALIAS_INVALID, "topic aliases are not supported")
    if packet.subscription_ids or packet.packet_id == 0:
        raise Violation(reason.PROTOCOL_ERROR, "PUBLISH with identifiers it must not have")
    if not packet.topic or any(mark in packet.topic for mark in "#+\0"):
        raise Violation(reason.TOPIC_NAME_INVALID, "not a topic name")
