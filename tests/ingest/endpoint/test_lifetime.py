import asyncio
import time
from uuid import UUID, uuid4

import mqtt5
from mqtt5 import DisconnectReasonCode as Reason

from core.topics import ack_topic, chunk_topic
from ingest.endpoint import MqttEndpoint
from tests.ingest.endpoint.conftest import Start
from tests.ingest.endpoint.raw import RawClient
from tests.ingest.sinks import MemorySink, Passwords


async def test_take_over(endpoint: MqttEndpoint, device: UUID) -> None:
    old = await RawClient.enter(endpoint.port, device, "same")
    new = await RawClient.enter(endpoint.port, device, "same")
    reason = (await old.hear(mqtt5.DisconnectPacket)).reason_code
    assert reason is Reason.SESSION_TAKEN_OVER
    assert await old.rest() == b""
    await old.close()
    new.say(mqtt5.SubscribePacket(1, [mqtt5.Subscription(ack_topic(device))]))
    await new.hear(mqtt5.SubAckPacket)
    await endpoint.send(device, b"still here")
    assert (await new.hear(mqtt5.PublishPacket)).payload == b"still here"
    await new.close()


async def test_no_take_over_by_another_device(
    endpoint: MqttEndpoint, device: UUID, passwords: Passwords
) -> None:
    other = uuid4()
    passwords.add(other)
    first = await RawClient.enter(endpoint.port, device, "same")
    second = await RawClient.enter(endpoint.port, other, "same")
    first.say(mqtt5.PingReqPacket())
    await first.hear(mqtt5.PingRespPacket)
    await first.close()
    await second.close()


async def test_a_device_has_few_connections(start: Start, device: UUID) -> None:
    endpoint = await start(connections_per_device_max=2)
    clients = [await RawClient.enter(endpoint.port, device, f"c{n}") for n in range(3)]
    reason = (await clients[0].hear(mqtt5.DisconnectPacket)).reason_code
    assert reason is Reason.SESSION_TAKEN_OVER
    for client in clients[1:]:
        client.say(mqtt5.PingReqPacket())
        await client.hear(mqtt5.PingRespPacket)
    for client in clients:
        await client.close()


async def test_keep_alive(endpoint: MqttEndpoint, device: UUID) -> None:
    client = await RawClient.open(endpoint.port)
    client.say(mqtt5.ConnectPacket("a", username=str(device), password=b"secret", keep_alive=1))
    await client.hear(mqtt5.ConnAckPacket)
    await asyncio.sleep(0.8)
    client.say(mqtt5.PingReqPacket())
    await client.hear(mqtt5.PingRespPacket)
    began_s = time.monotonic()
    client.writer.write(b"\x30")  # the beginning of a packet is no sign of life
    reason = (await client.hear(mqtt5.DisconnectPacket)).reason_code
    assert reason is Reason.KEEP_ALIVE_TIMEOUT
    assert 1.4 < time.monotonic() - began_s < 3
    await client.close()


async def test_close_settles_what_is_in_flight(
    endpoint: MqttEndpoint, device: UUID, sink: MemorySink
) -> None:
    client = await RawClient.enter(endpoint.port, device)
    sink.gate.clear()
    packet = mqtt5.PublishPacket(
        chunk_topic(device), b"last", qos=mqtt5.QoS.AT_LEAST_ONCE, packet_id=3
    )
    client.say(packet)
    await sink.until_waiting(1)
    closing = asyncio.create_task(endpoint.close())
    await asyncio.sleep(0)
    sink.gate.set()
    assert (await client.hear(mqtt5.PubAckPacket)).packet_id == 3
    reason = (await client.hear(mqtt5.DisconnectPacket)).reason_code
    assert reason is Reason.SERVER_SHUTTING_DOWN
    assert await client.rest() == b""
    await closing
    assert endpoint.n_connections == 0
    await client.close()


async def test_close_does_not_wait_for_ever(start: Start, device: UUID, sink: MemorySink) -> None:
    endpoint = await start(drain_s=0.2)
    client = await RawClient.enter(endpoint.port, device)
    halfway = await RawClient.open(endpoint.port)
    halfway.writer.write(b"\x10")
    sink.gate.clear()
    packet = mqtt5.PublishPacket(
        chunk_topic(device), b"stuck", qos=mqtt5.QoS.AT_LEAST_ONCE, packet_id=3
    )
    client.say(packet)
    await sink.until_waiting(1)
    async with asyncio.timeout(5):
        await endpoint.close()
    await asyncio.sleep(0)
    assert sink.n_waiting == 0
    await client.hear(mqtt5.DisconnectPacket)  # and no PUBACK
    await client.close()
    await halfway.close()


async def test_serve_closes_when_cancelled(endpoint: MqttEndpoint, device: UUID) -> None:
    serving = asyncio.create_task(endpoint.serve())
    client = await RawClient.enter(endpoint.port, device)
    serving.cancel()
    reason = (await client.hear(mqtt5.DisconnectPacket)).reason_code
    assert reason is Reason.SERVER_SHUTTING_DOWN
    await asyncio.gather(serving, return_exceptions=True)
    await client.close()
