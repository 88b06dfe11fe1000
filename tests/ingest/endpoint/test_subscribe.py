from uuid import UUID, uuid4

import mqtt5
from mqtt5 import SubAckReasonCode as Code
from mqtt5 import UnsubAckReasonCode as UnCode

from core.topics import ack_topic, chunk_topic, command_topic
from ingest.endpoint import MqttEndpoint
from tests.ingest.endpoint.conftest import Start
from tests.ingest.endpoint.raw import RawClient


async def _subscribed(port: int, device: UUID, client_id: str = "raw") -> RawClient:
    client = await RawClient.enter(port, device, client_id)
    client.say(mqtt5.SubscribePacket(1, [mqtt5.Subscription(ack_topic(device))]))
    assert (await client.hear(mqtt5.SubAckPacket)).reason_codes == [Code.GRANTED_QOS_AT_MOST_ONCE]
    return client


async def test_only_its_own_topics(endpoint: MqttEndpoint, device: UUID) -> None:
    client = await RawClient.enter(endpoint.port, device)
    wanted = {
        ack_topic(device): Code.GRANTED_QOS_AT_MOST_ONCE,
        command_topic(device): Code.GRANTED_QOS_AT_MOST_ONCE,
        chunk_topic(device): Code.NOT_AUTHORIZED,
        ack_topic(uuid4()): Code.NOT_AUTHORIZED,
        "$SYS/uptime": Code.NOT_AUTHORIZED,
        "ecg/v1/+/ack": Code.WILDCARD_SUBSCRIPTIONS_NOT_SUPPORTED,
        "#": Code.WILDCARD_SUBSCRIPTIONS_NOT_SUPPORTED,
        f"$share/g/{ack_topic(device)}": Code.SHARED_SUBSCRIPTIONS_NOT_SUPPORTED,
        "": Code.TOPIC_FILTER_INVALID,
    }
    client.say(mqtt5.SubscribePacket(9, [mqtt5.Subscription(topic) for topic in wanted]))
    suback = await client.hear(mqtt5.SubAckPacket)
    assert (suback.packet_id, suback.reason_codes) == (9, list(wanted.values()))
    await client.close()


async def test_delivery_and_its_end(endpoint: MqttEndpoint, device: UUID) -> None:
    client = await _subscribed(endpoint.port, device)
    await endpoint.send(device, b"ack 1")
    heard = await client.hear(mqtt5.PublishPacket)
    assert (heard.topic, heard.payload) == (ack_topic(device), b"ack 1")
    assert (heard.qos, heard.retain) == (mqtt5.QoS.AT_MOST_ONCE, False)
    assert await endpoint.command(device, b"not subscribed") == 0
    client.say(mqtt5.UnsubscribePacket(2, [ack_topic(device), "other"]))
    unsuback = await client.hear(mqtt5.UnsubAckPacket)
    assert unsuback.reason_codes == [UnCode.SUCCESS, UnCode.NO_SUBSCRIPTION_EXISTED]
    await endpoint.send(device, b"ack 2")
    client.say(mqtt5.PingReqPacket())
    await client.hear(mqtt5.PingRespPacket)  # nothing before it
    await client.close()


async def test_every_connection_of_the_device_and_no_other(
    endpoint: MqttEndpoint, device: UUID
) -> None:
    one = await _subscribed(endpoint.port, device, "one")
    two = await _subscribed(endpoint.port, device, "two")
    await endpoint.send(uuid4(), b"for nobody")
    await endpoint.send(device, b"for both")
    for client in (one, two):
        assert (await client.hear(mqtt5.PublishPacket)).payload == b"for both"
        await client.close()


async def test_command(endpoint: MqttEndpoint, device: UUID) -> None:
    client = await RawClient.enter(endpoint.port, device)
    client.say(mqtt5.SubscribePacket(1, [mqtt5.Subscription(command_topic(device))]))
    await client.hear(mqtt5.SubAckPacket)
    assert await endpoint.command(device, b"restart") == 1
    assert (await client.hear(mqtt5.PublishPacket)).topic == command_topic(device)
    await client.close()


async def test_subscription_identifier_is_refused(endpoint: MqttEndpoint, device: UUID) -> None:
    client = await RawClient.enter(endpoint.port, device)
    subscriptions = [mqtt5.Subscription(ack_topic(device))]
    client.say(mqtt5.SubscribePacket(1, subscriptions, subscription_id=5))
    reason = (await client.hear(mqtt5.DisconnectPacket)).reason_code
    assert reason is mqtt5.DisconnectReasonCode.SUBSCRIPTION_IDS_NOT_SUPPORTED
    await client.close()


async def test_empty_requests_are_protocol_errors(endpoint: MqttEndpoint, device: UUID) -> None:
    for packet in (mqtt5.SubscribePacket(1, []), mqtt5.UnsubscribePacket(1, [])):
        client = await RawClient.enter(endpoint.port, device)
        client.say(packet)
        reason = (await client.hear(mqtt5.DisconnectPacket)).reason_code
        assert reason is mqtt5.DisconnectReasonCode.PROTOCOL_ERROR
        await client.close()


async def test_a_packet_too_large_for_the_client_is_not_sent(
    endpoint: MqttEndpoint, device: UUID
) -> None:
    client = await RawClient.open(endpoint.port)
    client.say(
        mqtt5.ConnectPacket("a", username=str(device), password=b"secret", max_packet_size=100),
        mqtt5.SubscribePacket(1, [mqtt5.Subscription(ack_topic(device))]),
    )
    await client.hear(mqtt5.ConnAckPacket)
    await client.hear(mqtt5.SubAckPacket)
    await endpoint.send(device, bytes(200))
    await endpoint.send(device, b"small")
    assert (await client.hear(mqtt5.PublishPacket)).payload == b"small"
    await client.close()


async def test_a_client_that_does_not_read_costs_a_bounded_buffer(
    start: Start, device: UUID
) -> None:
    endpoint = await start(outgoing_max_bytes=16_384)
    client = await _subscribed(endpoint.port, device)
    client.deafen()
    payload = bytes(1000)
    reached = [await endpoint.command(device, payload)]
    peer = next(iter(endpoint._hub.peers))
    fates = [peer.deliver(ack_topic(device), payload) for _ in range(20_000)]
    assert fates.count("sent") < 10_000
    assert fates[-1] == "dropped"
    assert reached == [0]
    await client.close()
