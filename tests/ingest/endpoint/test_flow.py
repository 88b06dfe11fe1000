import asyncio
import socket
import tracemalloc
from uuid import UUID

import mqtt5

from core.topics import chunk_topic
from ingest.endpoint import MqttEndpoint
from ingest.endpoint.connection import Connection
from tests.ingest.endpoint.conftest import Start
from tests.ingest.endpoint.raw import RawClient
from tests.ingest.sinks import MemorySink, until


def _connection(endpoint: MqttEndpoint) -> Connection:
    (peer,) = endpoint._hub.peers
    assert isinstance(peer, Connection)
    return peer


def _publish(device: UUID, number: int, acknowledged: bool) -> mqtt5.PublishPacket:
    qos = mqtt5.QoS.AT_LEAST_ONCE if acknowledged else mqtt5.QoS.AT_MOST_ONCE
    payload = number.to_bytes(4, "big").rjust(462, b"x")
    packet_id = number + 1 if acknowledged else None
    return mqtt5.PublishPacket(chunk_topic(device), payload, qos=qos, packet_id=packet_id)


async def test_receive_maximum_may_be_used_up(
    endpoint: MqttEndpoint, device: UUID, sink: MemorySink
) -> None:
    client = await RawClient.enter(endpoint.port, device)
    sink.gate.clear()
    client.say(*(_publish(device, n, True) for n in range(64)))
    await sink.until_waiting(64)
    sink.gate.set()
    for n in range(64):
        assert (await client.hear(mqtt5.PubAckPacket)).packet_id == n + 1
    await client.close()


async def test_receive_maximum_may_not_be_exceeded(
    endpoint: MqttEndpoint, device: UUID, sink: MemorySink
) -> None:
    client = await RawClient.enter(endpoint.port, device)
    sink.gate.clear()
    client.say(*(_publish(device, n, True) for n in range(65)))
    reason = (await client.hear(mqtt5.DisconnectPacket)).reason_code
    assert reason is mqtt5.DisconnectReasonCode.RECEIVE_MAX_EXCEEDED
    assert await client.rest() == b""
    sink.gate.set()
    await sink.until_stored(64)  # what was taken is stored all the same
    await client.close()


async def test_a_blocked_core_stops_the_reading(
    endpoint: MqttEndpoint, device: UUID, sink: MemorySink
) -> None:
    client = await RawClient.enter(endpoint.port, device)
    sink.gate.clear()
    total = 40_000  # 20 MB, far beyond what the kernel's buffers take
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]

    async def pour() -> None:
        for n in range(total):
            client.say(_publish(device, n, False))
            await client.writer.drain()

    pouring = asyncio.create_task(pour())
    await sink.until_waiting(64)
    connection = _connection(endpoint)
    await until(lambda: not connection.link.reading)
    await asyncio.sleep(0.3)  # nothing more comes in, however long one waits
    assert not pouring.done()
    assert sink.n_submitted == 64
    assert len(connection.link.inbox) < 300_000
    assert tracemalloc.get_traced_memory()[0] - before < 2_000_000
    tracemalloc.stop()
    sink.gate.set()
    await pouring
    await sink.until_stored(total)
    assert len(set(sink.stored)) == total
    await client.close()


async def test_a_blocked_core_is_not_taken_for_a_silent_client(
    endpoint: MqttEndpoint, device: UUID, sink: MemorySink
) -> None:
    client = await RawClient.open(endpoint.port)
    client.say(
        mqtt5.ConnectPacket("a", username=str(device), password=b"secret", keep_alive=1),
    )
    await client.hear(mqtt5.ConnAckPacket)
    sink.gate.clear()
    client.say(*(_publish(device, n, True) for n in range(64)), mqtt5.PingReqPacket())
    await sink.until_waiting(64)
    await asyncio.sleep(2)
    sink.gate.set()
    kinds = {mqtt5.PubAckPacket: 64, mqtt5.PingRespPacket: 1}
    for _ in range(65):
        packet = await client.hear(object)
        kinds[type(packet)] -= 1
    assert set(kinds.values()) == {0}
    await client.close()


async def test_a_client_that_does_not_read_is_not_read(start: Start, device: UUID) -> None:
    endpoint = await start(outgoing_max_bytes=4096)
    assert endpoint._door._listener is not None
    endpoint._door._listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
    client = await RawClient.enter(endpoint.port, device)
    client.deafen()

    async def ping() -> None:
        while True:
            client.writer.write(mqtt5.PingReqPacket().write() * 1000)
            await client.writer.drain()

    pinging = asyncio.create_task(ping())
    connection = _connection(endpoint)
    await until(lambda: not connection.link.reading)
    pinging.cancel()
    await asyncio.gather(pinging, return_exceptions=True)
    await client.close()


async def test_publishes_without_connection_are_bounded(
    start: Start, device: UUID, sink: MemorySink
) -> None:
    endpoint = await start(orphans_max=100)
    sink.gate.clear()
    for round_ in range(1, 5):
        client = await RawClient.enter(endpoint.port, device)
        client.say(*(_publish(device, n, True) for n in range(63)))
        await sink.until_submitted(63 * round_)  # one more, and the reading would stop
        connection = _connection(endpoint)
        await client.close()
        await connection.link.closed.wait()
    await until(lambda: sink.n_waiting == 100)
