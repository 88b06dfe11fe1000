"""What a device must not be able to do to others, tried through a real broker with real keys.

The attacker has all that a device has: a certificate, a key, the protocol. In the last test it even
is the broker itself.
"""

import asyncio
import secrets
import shutil
import ssl
import struct
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID, uuid4

import asyncpg
import mqtt5
import numpy as np
import pytest
import pytest_asyncio

from core.ack import Acknowledgement, seal_ack
from core.topics import ack_topic, chunk_topic, key_topic
from simulator.firmware import Firmware
from tests.conftest import _execute, with_database
from tests.firmware.library import missing_host
from tests.ingest.endpoint.raw import RawClient
from tests.journey.firmware_road import SERVICE, FirmwareRoad, firmware_road

pytestmark = [
    pytest.mark.skipif(bool(missing_host()), reason=missing_host()),
    pytest.mark.asyncio(loop_scope="module"),
]
RATE_HZ = 250.0
FLASH_BYTES = 1 << 17
SIGNAL_MV = np.sin(np.arange(2500) / 10)
CHUNKS = len(SIGNAL_MV) // 187
DENIED = mqtt5.PubAckReasonCode.NOT_AUTHORIZED


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def road(reachable_folder: Path, system_server_url: str) -> AsyncIterator[FirmwareRoad]:
    name = f"test_{uuid4().hex}"
    await _execute(system_server_url, f"CREATE DATABASE {name}")
    url = with_database(system_server_url, name)
    async with firmware_road(reachable_folder / "hostile", url) as road:
        yield road


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def anna(road: FirmwareRoad, tmp_path_factory: pytest.TempPathFactory) -> Firmware:
    return await road.device(tmp_path_factory.mktemp("anna"), RATE_HZ, FLASH_BYTES)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def berta(road: FirmwareRoad, tmp_path_factory: pytest.TempPathFactory) -> Firmware:
    return await road.device(tmp_path_factory.mktemp("berta"), RATE_HZ, FLASH_BYTES)


async def record(device: Firmware) -> None:
    """One power-on, all of it stored."""
    await device.power_on()
    await device.measure(SIGNAL_MV)
    assert await device.finish() == 0


async def enter(road: FirmwareRoad, certificate: Path, key: Path, name: str) -> RawClient:
    """As whoever has these files."""
    context = ssl.create_default_context(cafile=road.broker.folder / "service-ca.pem")
    context.check_hostname = False
    context.load_cert_chain(certificate, key)
    client = await RawClient.open(road.broker.port, context)
    client.say(mqtt5.ConnectPacket(name, username=name, password=b"any"))
    assert (await client.hear(mqtt5.ConnAckPacket)).reason_code == 0
    return client


async def enter_as(road: FirmwareRoad, device: Firmware) -> RawClient:
    memory = device.folder / "memory"
    return await enter(road, memory / "certificate.pem", memory / "key.pem", str(device.device_id))


async def publish(client: RawClient, topic: str, payload: bytes) -> mqtt5.PubAckReasonCode:
    client.say(mqtt5.PublishPacket(topic, payload, qos=mqtt5.QoS.AT_LEAST_ONCE, packet_id=1))
    return (await client.hear(mqtt5.PubAckPacket)).reason_code


async def frames(road: FirmwareRoad, device_id: UUID) -> list[bytes]:
    """The device's chunks as they came, by session and number."""
    connection = await asyncpg.connect(road.database_url)
    try:
        rows = await connection.fetch(
            "SELECT c.frame FROM chunk c JOIN monitoring_session s ON s.id = c.session"
            " WHERE s.device_id = $1 ORDER BY s.id, c.seq",
            device_id,
        )
    finally:
        await connection.close()
    return [row["frame"] for row in rows]


async def refused(road: FirmwareRoad, device_id: UUID) -> list[tuple[str, bytes]]:
    """What was refused of a device, and why."""
    connection = await asyncpg.connect(road.database_url)
    try:
        query = "SELECT reason, frame FROM quarantine WHERE device_id = $1 ORDER BY id"
        rows = await connection.fetch(query, device_id)
    finally:
        await connection.close()
    return [(row["reason"], row["frame"]) for row in rows]


async def test_a_device_cannot_publish_as_another(
    road: FirmwareRoad, anna: Firmware, berta: Firmware
) -> None:
    await record(anna)
    before = await frames(road, anna.device_id)
    client = await enter_as(road, berta)
    stolen = before[0]
    assert await publish(client, chunk_topic(anna.device_id), stolen) is DENIED
    assert await publish(client, key_topic(anna.device_id), bytes(169)) is DENIED
    # On its own topic the header betrays it: the broker lets it pass, the service does not.
    await publish(client, chunk_topic(berta.device_id), stolen)
    await client.close()
    await record(berta)
    # Not as the duplicate that it is: it was refused for whose it says it is.
    assert await refused(road, berta.device_id) == [("wrong-topic", stolen)]
    assert await frames(road, anna.device_id) == before
    assert all(
        frame[4:20] == berta.device_id.bytes for frame in await frames(road, berta.device_id)
    )


async def test_a_session_cannot_be_replayed(road: FirmwareRoad, anna: Firmware) -> None:
    await record(anna)
    before = await frames(road, anna.device_id)
    client = await enter_as(road, anna)
    for frame in before:
        await publish(client, chunk_topic(anna.device_id), frame)
    renumbered = bytearray(before[0])
    renumbered[40:48] = (10_000).to_bytes(8, "big")
    await publish(client, chunk_topic(anna.device_id), bytes(renumbered))
    await client.close()
    await record(anna)  # behind it in the queue: what came before is settled
    after = await frames(road, anna.device_id)
    assert after[: len(before)] == before
    assert len(after) == len(before) + CHUNKS + 1
    assert bytes(renumbered) not in after
    assert ("bad-tag", bytes(renumbered)) in await refused(road, anna.device_id)


async def test_a_memory_that_was_rolled_back_repeats_no_nonce(
    road: FirmwareRoad, anna: Firmware
) -> None:
    memory, copy = anna.folder / "memory", anna.folder / "copy"
    shutil.copytree(memory, copy)
    known = len(await frames(road, anna.device_id))
    await record(anna)
    shutil.rmtree(memory)
    shutil.move(copy, memory)
    await record(anna)
    first, second = [
        {frame[24:40] for frame in part}
        for part in np.array_split(
            np.array((await frames(road, anna.device_id))[known:], dtype=object), 2
        )
    ]
    assert len(first) == len(second) == 1
    [one], [other] = first, second
    assert one[:4] == other[:4], "the same count of boots: the memory was rolled back"
    assert one[4:] != other[4:], "and yet another session, with other keys"


async def forged(road: FirmwareRoad, device: Firmware) -> tuple[RawClient, bytes]:
    """The broker's place, with the service's own certificate: it hears a chunk, and answers it
    with an acknowledgement of everything, but without the device's key."""
    folder = road.broker.folder
    client = await enter(road, folder / f"{SERVICE}.pem", folder / f"{SERVICE}-key.pem", SERVICE)
    client.say(mqtt5.SubscribePacket(1, [mqtt5.Subscription(chunk_topic(device.device_id))]))
    await client.hear(mqtt5.SubAckPacket)
    heard = (await client.hear(mqtt5.PublishPacket)).payload
    (epoch,) = struct.unpack(">I", heard[20:24])
    claimed = Acknowledgement(device.device_id, epoch, heard[24:40], 2**40, ())
    return client, seal_ack(claimed, secrets.token_bytes(32))


async def test_no_one_makes_another_device_delete(
    road: FirmwareRoad, anna: Firmware, berta: Firmware
) -> None:
    before = await frames(road, anna.device_id)
    await road.service.kill()  # nobody who could rightly acknowledge
    await anna.power_on()
    await anna.measure(SIGNAL_MV)
    broker, lie = await forged(road, anna)
    stranger = await enter_as(road, berta)
    assert await publish(stranger, ack_topic(anna.device_id), lie) is DENIED
    broker.say(mqtt5.PublishPacket(ack_topic(anna.device_id), lie))
    async with asyncio.timeout(20):
        await anna.until(lambda told: told["forged"] > 0)
    assert anna.status is not None
    assert anna.status["owed"] == anna.status["sealed"] == CHUNKS
    for client in (broker, stranger):
        await client.close()
    await road.service.start()
    assert await anna.finish() == 0
    assert len(await frames(road, anna.device_id)) == len(before) + CHUNKS + 1
