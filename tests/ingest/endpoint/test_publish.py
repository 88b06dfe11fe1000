from uuid import UUID

import mqtt5
import pytest
from mqtt5 import DisconnectReasonCode as Reason
from mqtt5 import PubAckReasonCode as Code

from core.errors import Unavailable
from core.topics import chunk_topic
from ingest.endpoint import MqttEndpoint
from tests.ingest.endpoint.raw import RawClient
from tests.ingest.sinks import MemorySink


def _publish(device: UUID, payload: bytes, packet_id: int | None) -> mqtt5.PublishPacket:
    qos = mqtt5.QoS.AT_MOST_ONCE if packet_id is None else mqtt5.QoS.AT_LEAST_ONCE
    return mqtt5.PublishPacket(chunk_topic(device), payload, qos=qos, packet_id=packet_id)


async def test_puback_follows_the_commit(
    endpoint: MqttEndpoint, device: UUID, sink: MemorySink
) -> None:
    client = await RawClient.enter(endpoint.port, device)
    sink.gate.clear()
    client.say(_publish(device, b"one", 7), mqtt5.PingReqPacket())
    await client.hear(mqtt5.PingRespPacket)  # and no PUBACK before it
    await sink.until_waiting(1)
    assert sink.stored == []
    sink.gate.set()
    puback = await client.hear(mqtt5.PubAckPacket)
    assert (puback.packet_id, puback.reason_code) == (7, Code.SUCCESS)
    assert sink.stored == [b"one"]
    await client.close()


async def test_pubacks_come_in_order(
    endpoint: MqttEndpoint, device: UUID, sink: MemorySink
) -> None:
    client = await RawClient.enter(endpoint.port, device)
    client.say(*(_publish(device, b"%d" % n, n) for n in range(1, 51)))
    heard = [(await client.hear(mqtt5.PubAckPacket)).packet_id for _ in range(50)]
    assert heard == list(range(1, 51))
    assert len(sink.stored) == 50
    await client.close()


@pytest.mark.parametrize(
    ("payload", "code"),
    [
        (b"malformed", Code.PAYLOAD_FORMAT_INVALID),
        (b"conflict", Code.IMPLEMENTATION_SPECIFIC_ERROR),
    ],
)
async def test_refusals_are_told_and_do_not_end_the_connection(
    endpoint: MqttEndpoint, device: UUID, sink: MemorySink, payload: bytes, code: Code
) -> None:
    client = await RawClient.enter(endpoint.port, device)
    client.say(_publish(device, payload, 1), _publish(device, b"next", 2))
    puback = await client.hear(mqtt5.PubAckPacket)
    assert (puback.reason_code, puback.reason_str) == (code, payload.decode())
    assert (await client.hear(mqtt5.PubAckPacket)).reason_code is Code.SUCCESS
    assert sink.stored == [b"next"]
    await client.close()


FOREIGN = [chunk_topic(UUID(int=7)), "ecg/v1/nobody/chunk", "elsewhere"]


@pytest.mark.parametrize("topic", FOREIGN)
async def test_foreign_topics_are_not_authorised(
    endpoint: MqttEndpoint, device: UUID, sink: MemorySink, topic: str
) -> None:
    client = await RawClient.enter(endpoint.port, device)
    qos = mqtt5.QoS.AT_LEAST_ONCE
    client.say(mqtt5.PublishPacket(topic, b"x", qos=qos, packet_id=1))
    assert (await client.hear(mqtt5.PubAckPacket)).reason_code is Code.NOT_AUTHORIZED
    assert sink.stored == []
    await client.close()


async def test_qos_0_is_stored_and_not_answered(
    endpoint: MqttEndpoint, device: UUID, sink: MemorySink
) -> None:
    client = await RawClient.enter(endpoint.port, device)
    client.say(_publish(device, b"zero", None), mqtt5.DisconnectPacket())
    assert await client.rest() == b""
    await sink.until_stored(1)
    assert sink.stored == [b"zero"]
    await client.close()


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"qos": mqtt5.QoS.EXACTLY_ONCE, "packet_id": 1}, Reason.QOS_NOT_SUPPORTED),
        ({"retain": True}, Reason.RETAIN_NOT_SUPPORTED),
        ({"topic_alias": 1}, Reason.TOPIC_ALIAS_INVALID),
        ({"topic": "ecg/v1/+/chunk"}, Reason.TOPIC_NAME_INVALID),
        ({"topic": "ecg\0"}, Reason.TOPIC_NAME_INVALID),
        ({"subscription_ids": [3]}, Reason.PROTOCOL_ERROR),
        ({"qos": mqtt5.QoS.AT_LEAST_ONCE, "packet_id": 0}, Reason.PROTOCOL_ERROR),
        ({"payload": bytes(5000)}, Reason.PACKET_TOO_LARGE),
    ],
)
async def test_violations_end_the_connection(
    endpoint: MqttEndpoint, device: UUID, fields: dict[str, object], reason: Reason
) -> None:
    client = await RawClient.enter(endpoint.port, device)
    given = {"topic": chunk_topic(device), "payload": b"x", **fields}
    client.say(mqtt5.PublishPacket(**given))  # type: ignore[arg-type]
    assert (await client.hear(mqtt5.DisconnectPacket)).reason_code is reason
    assert await client.rest() == b""
    await client.close()


@pytest.mark.parametrize(
    ("sent", "reason"),
    [
        (b"\x30\x05\x00\x02\xff\xfe\x00", Reason.MALFORMED_PACKET),  # not UTF-8
        (b"\x30\xff\xff\xff\xff\x01", Reason.MALFORMED_PACKET),
        (b"\x30\x02\x00\x09", Reason.MALFORMED_PACKET),  # topic longer than the packet
        (b"\x30\xff\xff\xff\x7f", Reason.PACKET_TOO_LARGE),  # 256 MB announced
        (b"\x30\x03\x00\x00\x00", Reason.TOPIC_NAME_INVALID),  # no topic
        (b"\x00\x00", Reason.PROTOCOL_ERROR),
        (b"\x20\x03\x00\x00\x00", Reason.PROTOCOL_ERROR),  # CONNACK
        (mqtt5.ConnectPacket("b").write(), Reason.PROTOCOL_ERROR),
        (mqtt5.PubRelPacket(1).write(), Reason.PROTOCOL_ERROR),
        (mqtt5.AuthPacket(authentication_method="x").write(), Reason.PROTOCOL_ERROR),
    ],
)
async def test_malformed_and_misplaced_packets(
    endpoint: MqttEndpoint, device: UUID, sent: bytes, reason: Reason
) -> None:
    client = await RawClient.enter(endpoint.port, device)
    client.writer.write(sent)
    assert (await client.hear(mqtt5.DisconnectPacket)).reason_code is reason
    assert await client.rest() == b""
    await client.close()


@pytest.mark.parametrize(
    ("failure", "reason"),
    [
        (Unavailable("closing"), Reason.SERVER_SHUTTING_DOWN),
        (RuntimeError("bug"), Reason.UNSPECIFIED_ERROR),
    ],
)
async def test_a_failing_core_acknowledges_nothing(
    endpoint: MqttEndpoint, device: UUID, sink: MemorySink, failure: Exception, reason: Reason
) -> None:
    client = await RawClient.enter(endpoint.port, device)
    sink.failure = failure
    client.say(_publish(device, b"a", 1), _publish(device, b"b", 2))
    assert (await client.hear(mqtt5.DisconnectPacket)).reason_code is reason
    assert await client.rest() == b""
    await client.close()


async def test_client_killed_in_the_middle_of_a_publish(
    endpoint: MqttEndpoint, device: UUID, sink: MemorySink
) -> None:
    client = await RawClient.enter(endpoint.port, device)
    whole, half = _publish(device, b"whole", 1).write(), _publish(device, b"half", 2).write()[:-2]
    client.writer.write(whole + half)
    await client.hear(mqtt5.PubAckPacket)
    await client.close()
    again = await RawClient.enter(endpoint.port, device)
    again.say(_publish(device, b"half", 2))
    await again.hear(mqtt5.PubAckPacket)
    assert sink.stored == [b"whole", b"half"]
    await again.close()
