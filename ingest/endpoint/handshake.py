"""CONNECT and its answer (OASIS MQTT 5.0, 3.1 and 3.2)."""

from uuid import UUID, uuid4

from mqtt5 import ConnAckPacket, ConnAckReasonCode, ConnectPacket, QoS

from ingest.endpoint.limits import Limits

OLD_VERSION_CONNACK = bytes.fromhex("20020001")
"""MQTT 3.1.1, 3.2.2.3: return code 1, unacceptable protocol version."""
_VERSION = 5


def other_version(body: bytes) -> bytes | None:
    """What to answer to a CONNECT of another protocol version; None for version 5.

    ``body`` is what follows the fixed header. Empty bytes: not MQTT at all, no answer is safe.
    """
    if body.startswith(b"\x00\x06MQIsdp"):
        return OLD_VERSION_CONNACK
    if not body.startswith(b"\x00\x04MQTT") or len(body) < 7:
        return b""
    if body[6] == _VERSION:
        return None
    if body[6] < _VERSION:
        return OLD_VERSION_CONNACK
    return ConnAckPacket(reason_code=ConnAckReasonCode.UNSUPPORTED_PROTOCOL_VERSION).write()


def objection(connect: ConnectPacket) -> ConnAckReasonCode | None:
    """Why a CONNECT cannot be accepted, whoever sends it.

    A will is accepted and never published (nobody may subscribe to it), unless it asks for
    what MQTT makes us refuse.
    """
    if connect.authentication_method is not None:
        return ConnAckReasonCode.BAD_AUTHENTICATION_METHOD
    if connect.receive_max == 0 or connect.max_packet_size == 0:
        return ConnAckReasonCode.PROTOCOL_ERROR
    if "\0" in connect.client_id:
        return ConnAckReasonCode.CLIENT_ID_NOT_VALID
    if connect.will is not None and connect.will.retain:
        return ConnAckReasonCode.RETAIN_NOT_SUPPORTED
    if connect.will is not None and connect.will.qos is QoS.EXACTLY_ONCE:
        return ConnAckReasonCode.QUALITY_NOT_SUPPORTED
    if connect.username is None or connect.password is None:
        return ConnAckReasonCode.BAD_USER_NAME_OR_PASSWORD
    return None


def refusal(reason: ConnAckReasonCode) -> bytes:
    """A CONNACK that refuses."""
    return ConnAckPacket(reason_code=reason).write()


def client_id_of(connect: ConnectPacket) -> str:
    """The client's identifier, or a new one where it leaves that to us."""
    return connect.client_id or uuid4().hex


def claimed_device(connect: ConnectPacket) -> str | None:
    """The device that a client says it is, for the log; nothing else that it may have typed."""
    try:
        return str(UUID(connect.username or ""))
    except ValueError:
        return None


def keep_alive_s(connect: ConnectPacket, limits: Limits) -> int:
    """The keep-alive that applies: the client's, if it has one and it is not too long."""
    return min(connect.keep_alive or limits.keep_alive_max_s, limits.keep_alive_max_s)


def welcome(connect: ConnectPacket, client_id: str, limits: Limits) -> bytes:
    """A CONNACK that accepts, and says what is not available here."""
    agreed_s = keep_alive_s(connect, limits)
    return ConnAckPacket(
        session_present=False,
        session_expiry_interval=limits.session_expiry_s,
        assigned_client_id=None if connect.client_id else client_id,
        server_keep_alive=None if agreed_s == connect.keep_alive else agreed_s,
        receive_max=limits.receive_max,
        topic_alias_max=0,
        max_qos=QoS.AT_LEAST_ONCE,
        retain_available=False,
        max_packet_size=limits.max_packet_bytes,
        wildcard_subscription_available=False,
        subscription_id_available=False,
        shared_subscription_available=False,
    ).write()
