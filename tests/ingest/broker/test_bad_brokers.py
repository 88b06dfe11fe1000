"""The subscriber with a peer that does what no broker should."""

import asyncio
import socket
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from uuid import uuid4

import mqtt5
import pytest

from core.topics import chunk_topic
from tests.ingest.broker.conftest import Subscribe, subscribed
from tests.ingest.sinks import MemorySink, until

Act = Callable[["BadBroker"], Awaitable[None]]


class BadBroker:
    """Answers CONNECT and SUBSCRIBE, then does what it is told."""

    def __init__(self, act: Act) -> None:
        self.act = act
        self.n_visits = 0
        self.writer: asyncio.StreamWriter
        self.server: asyncio.Server

    async def start(self) -> int:
        self.server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        return int(self.server.sockets[0].getsockname()[1])

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.writer = writer
        self.n_visits += 1
        try:
            await reader.read(4096)
            writer.write(mqtt5.ConnAckPacket().write())
            await reader.read(4096)
            writer.write(mqtt5.SubAckPacket(1, [mqtt5.SubAckReasonCode(1)]).write())
            await self.act(self)
            await reader.read()
        except ConnectionError:
            pass
        finally:
            writer.transport.abort()


@pytest.fixture
async def serve() -> AsyncIterator[Callable[[Act], Awaitable[tuple[BadBroker, int]]]]:
    brokers: list[BadBroker] = []

    async def _serve(act: Act) -> tuple[BadBroker, int]:
        broker = BadBroker(act)
        brokers.append(broker)
        return broker, await broker.start()

    yield _serve
    for broker in brokers:
        broker.server.close()


Serve = Callable[[Act], Awaitable[tuple[BadBroker, int]]]


async def _reset(broker: BadBroker) -> None:
    sock = broker.writer.get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    broker.writer.transport.abort()


async def _babble(broker: BadBroker) -> None:
    broker.writer.write(b"\x00\x00")


async def _misspell(broker: BadBroker) -> None:
    broker.writer.write(b"\x30\x05\x00\x02\xff\xfe\x00")


async def _dismiss(broker: BadBroker) -> None:
    reason = mqtt5.DisconnectReasonCode.ADMINISTRATIVE_ACTION
    broker.writer.write(mqtt5.DisconnectPacket(reason_code=reason).write())


async def _close(broker: BadBroker) -> None:
    broker.writer.close()


# The codec prints the UnicodeDecodeError that it panics of.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("act", [_reset, _babble, _misspell, _dismiss, _close])
async def test_a_lost_connection_is_made_again(
    serve: Serve, subscribe: Subscribe, act: Act
) -> None:
    broker, port = await serve(act)
    subscriber = subscribe(port)
    await until(lambda: broker.n_visits == 2)
    await subscriber.close()
    assert not subscriber.subscribed.is_set()


async def test_a_flood_is_left_in_the_socket(
    serve: Serve, subscribe: Subscribe, sink: MemorySink
) -> None:
    topic, total = chunk_topic(uuid4()), 25_000  # 12 MB

    async def flood(broker: BadBroker) -> None:
        for n in range(total):
            payload = n.to_bytes(4, "big").rjust(462, b"x")
            packet_id = n % 65_535 + 1
            qos = mqtt5.QoS.AT_LEAST_ONCE
            packet = mqtt5.PublishPacket(topic, payload, qos=qos, packet_id=packet_id)
            broker.writer.write(packet.write())
            await broker.writer.drain()

    sink.gate.clear()
    _, port = await serve(flood)
    await subscribed(subscribe(port, receive_max=50))
    await sink.until_waiting(100)
    await asyncio.sleep(0.3)  # nothing more comes in, however long one waits
    assert sink.n_submitted == 100
    sink.gate.set()
    await sink.until_stored(total)


async def test_a_broker_that_says_nothing_does_not_delay_the_end(subscribe: Subscribe) -> None:
    entered = asyncio.Event()

    async def mute(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        entered.set()
        await reader.read()
        writer.close()

    server = await asyncio.start_server(mute, "127.0.0.1", 0)
    subscriber = subscribe(server.sockets[0].getsockname()[1])
    await entered.wait()
    async with asyncio.timeout(4):
        await subscriber.close()
    server.close()
