from uuid import UUID, uuid4

import mqtt5
import pytest
from mqtt5 import ConnAckReasonCode as Code

from core.errors import Unavailable
from ingest.endpoint import MqttEndpoint
from tests.ingest.endpoint.conftest import Start
from tests.ingest.endpoint.raw import RawClient
from tests.ingest.sinks import MemorySink, Passwords


async def _answer(port: int, connect: mqtt5.ConnectPacket) -> mqtt5.ConnAckPacket:
    client = await RawClient.open(port)
    client.say(connect)
    answer = await client.hear(mqtt5.ConnAckPacket)
    await client.close()
    return answer


async def test_connack_says_what_is_not_available(endpoint: MqttEndpoint, device: UUID) -> None:
    connect = mqtt5.ConnectPacket(
        "", username=str(device), password=b"secret", session_expiry_interval=3600
    )
    answer = await _answer(endpoint.port, connect)
    assert answer.reason_code is Code.SUCCESS
    assert not answer.session_present
    assert answer.session_expiry_interval == 0
    assert answer.assigned_client_id
    assert answer.server_keep_alive == 300
    assert (answer.receive_max, answer.max_packet_size) == (64, 4096)
    assert (answer.max_qos, answer.topic_alias_max) == (mqtt5.QoS.AT_LEAST_ONCE, 0)
    assert not answer.retain_available
    assert not answer.wildcard_subscription_available
    assert not answer.shared_subscription_available
    assert not answer.subscription_id_available


async def test_keep_alive_of_the_client_stands(endpoint: MqttEndpoint, device: UUID) -> None:
    connect = mqtt5.ConnectPacket("a", username=str(device), password=b"secret", keep_alive=30)
    answer = await _answer(endpoint.port, connect)
    assert (answer.server_keep_alive, answer.assigned_client_id) == (None, None)


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"password": b"wrong"}, Code.BAD_USER_NAME_OR_PASSWORD),
        ({"password": None}, Code.BAD_USER_NAME_OR_PASSWORD),
        ({"username": None}, Code.BAD_USER_NAME_OR_PASSWORD),
        ({"username": str(uuid4())}, Code.BAD_USER_NAME_OR_PASSWORD),
        ({"authentication_method": "SCRAM"}, Code.BAD_AUTHENTICATION_METHOD),
        ({"will": mqtt5.Will("t", retain=True)}, Code.RETAIN_NOT_SUPPORTED),
        ({"will": mqtt5.Will("t", qos=mqtt5.QoS.EXACTLY_ONCE)}, Code.QUALITY_NOT_SUPPORTED),
        ({"will": mqtt5.Will("t", payload=b"gone")}, Code.SUCCESS),
        ({"user_properties": [("k", "v" * 5000)]}, Code.PACKET_TOO_LARGE),
    ],
)
async def test_refusals(
    endpoint: MqttEndpoint, device: UUID, fields: dict[str, object], reason: Code
) -> None:
    given = {"username": str(device), "password": b"secret", **fields}
    connect = mqtt5.ConnectPacket("a", **given)  # type: ignore[arg-type]
    assert (await _answer(endpoint.port, connect)).reason_code is reason


@pytest.mark.parametrize(
    ("sent", "answer"),
    [
        ("100c00044d5154540402003c0000", "20020001"),  # MQTT 3.1.1
        ("100e00064d514973647003020 03c0000".replace(" ", ""), "20020001"),  # MQTT 3.1
        ("100d00044d515454 0602003c000000".replace(" ", ""), "2003008400"),  # not yet invented
        ("100d00044d515458 0502003c000000".replace(" ", ""), ""),  # another protocol
        ("c000", ""),  # PINGREQ comes first
    ],
)
async def test_other_versions(endpoint: MqttEndpoint, sent: str, answer: str) -> None:
    client = await RawClient.open(endpoint.port)
    client.writer.write(bytes.fromhex(sent))
    assert await client.rest() == bytes.fromhex(answer)
    await client.close()


async def test_malformed_connect_is_told(endpoint: MqttEndpoint) -> None:
    client = await RawClient.open(endpoint.port)
    client.writer.write(bytes.fromhex("100700044d51545405"))
    answer = await client.hear(mqtt5.ConnAckPacket)
    assert answer.reason_code is Code.MALFORMED_PACKET
    assert await client.rest() == b""
    await client.close()


async def test_packets_may_follow_connect_at_once(
    endpoint: MqttEndpoint, device: UUID, sink: MemorySink
) -> None:
    client = await RawClient.open(endpoint.port)
    topic = f"ecg/v1/{device}/chunk"
    client.say(
        mqtt5.ConnectPacket("a", username=str(device), password=b"secret"),
        mqtt5.PublishPacket(topic, b"early", qos=mqtt5.QoS.AT_LEAST_ONCE, packet_id=1),
    )
    await client.hear(mqtt5.ConnAckPacket)
    await client.hear(mqtt5.PubAckPacket)
    assert sink.stored == [b"early"]
    await client.close()


async def test_slow_connect_is_cut_off(start: Start) -> None:
    endpoint = await start(connect_s=0.3)
    client = await RawClient.open(endpoint.port)
    client.writer.write(b"\x10")
    assert await client.rest() == b""
    await client.close()


async def test_connections_are_bounded(start: Start, device: UUID) -> None:
    endpoint = await start(connections_max=1)
    first = await RawClient.enter(endpoint.port, device)
    second = await RawClient.open(endpoint.port)
    assert await second.rest() == b""
    first.say(mqtt5.PingReqPacket())
    await first.hear(mqtt5.PingRespPacket)
    await first.close()
    await second.close()


async def test_repeated_failures_are_not_even_looked_up(
    start: Start, device: UUID, passwords: Passwords
) -> None:
    endpoint = await start(failures_per_client=3)
    connect = mqtt5.ConnectPacket("a", username=str(device), password=b"wrong")
    reasons = [(await _answer(endpoint.port, connect)).reason_code for _ in range(4)]
    assert reasons == [Code.BAD_USER_NAME_OR_PASSWORD] * 3 + [Code.CONNECTION_RATE_EXCEEDED]
    assert passwords.n_asked == 3


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (Unavailable("database is away"), Code.SERVER_UNAVAILABLE),
        (RuntimeError("bug"), Code.UNSPECIFIED_ERROR),
    ],
)
async def test_authentication_that_cannot_say(
    sink: MemorySink, device: UUID, error: Exception, reason: Code
) -> None:
    async def away(username: str, password: bytes) -> UUID | None:
        raise error

    endpoint = MqttEndpoint(sink, away, None, port=0)
    await endpoint.start()
    connect = mqtt5.ConnectPacket("a", username=str(device), password=b"secret")
    assert (await _answer(endpoint.port, connect)).reason_code is reason
    await endpoint.close()
