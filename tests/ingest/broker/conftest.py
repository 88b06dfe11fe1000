"""A mosquitto of one's own, and subscribers that are closed at the end."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from ingest.broker.address import parse_address
from ingest.subscriber import BrokerSubscriber
from tests.ingest.mosquitto import PUB, Mosquitto, run
from tests.ingest.sinks import MemorySink

Subscribe = Callable[..., BrokerSubscriber]


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Mosquitto]:
    started = Mosquitto(tmp_path).start()
    yield started
    started.kill()


@pytest.fixture
async def sink() -> MemorySink:
    return MemorySink()


@pytest.fixture
def device() -> UUID:
    return uuid4()


@pytest.fixture
async def subscribe(sink: MemorySink) -> AsyncIterator[Subscribe]:
    running: list[tuple[BrokerSubscriber, asyncio.Task[None]]] = []

    def _subscribe(port: int, receive_max: int = 100) -> BrokerSubscriber:
        address = parse_address(f"mqtt://127.0.0.1:{port}")
        subscriber = BrokerSubscriber(sink, address, None, "test-ingest", 3600, receive_max)
        running.append((subscriber, asyncio.create_task(subscriber.run())))
        return subscriber

    yield _subscribe
    sink.gate.set()
    for subscriber, task in running:
        await subscriber.close()
        await task


async def subscribed(subscriber: BrokerSubscriber) -> None:
    async with asyncio.timeout(20):
        await subscriber.subscribed.wait()


async def publish(port: int, topic: str, payloads: list[bytes]) -> None:
    """As a device does: QoS 1, through mosquitto_pub."""
    where = ["-V", "5", "-h", "127.0.0.1", "-p", str(port), "-q", "1", "-t", topic, "-l"]
    status, printed = await run(PUB, *where, stdin=b"\n".join(payloads) + b"\n")
    assert (status, printed) == (0, "")
