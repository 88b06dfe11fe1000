"""A device changes its key while it streams, at the service's own endpoint; nobody else can."""

import asyncio
import math
import os
import secrets
import ssl
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import asyncpg
import mqtt5
import numpy as np

from core.chunk import SessionCipher, parse_header
from core.rotation import build_request
from core.topics import key_topic
from simulator.background import in_background
from simulator.device import Device, Samples
from simulator.enrolment import MqttAddress, enrol
from simulator.faults import FaultRates, FaultyWire
from simulator.identity import save_identity
from simulator.run import default_patient, simulate
from simulator.source import Simulation
from simulator.uplink import Uplink
from tests.ingest.endpoint.raw import RawClient
from tests.journey.stack import Service, running

BLOCK = np.sin(np.arange(125) / 10)
WAIT_S = 60.0
FAULTS = FaultRates(duplicate=0.1, reorder=0.1, drop=0.1)
MALFORMED = mqtt5.PubAckReasonCode.PAYLOAD_FORMAT_INVALID
CONFLICT = mqtt5.PubAckReasonCode.IMPLEMENTATION_SPECIFIC_ERROR
FOREIGN = mqtt5.PubAckReasonCode.NOT_AUTHORIZED


@dataclass
class Worn:
    """A simulated device that is enrolled; it measures a second whenever it is asked to."""

    device: Device
    uplink: Uplink
    address: MqttAddress
    measured: list[Samples] = field(default_factory=list)

    async def wear(self) -> None:
        self.device.measure(BLOCK + len(self.measured) / 100)
        self.measured.append(BLOCK + len(self.measured) / 100)
        self.uplink.nudge()
        await asyncio.sleep(0.05)

    async def until(self, is_so: Callable[[], bool]) -> None:
        async with asyncio.timeout(WAIT_S):
            while not is_so():
                await self.wear()

    async def finish(self) -> None:
        self.device.power_off()
        self.uplink.nudge()
        async with asyncio.timeout(WAIT_S):
            while len(self.device.outbox):
                self.uplink.settled.clear()
                await self.uplink.settled.wait()


@asynccontextmanager
async def worn(service: Service, folder: Path) -> AsyncIterator[Worn]:
    device = Device(folder, 125.0)
    patient = default_patient(folder.name)
    device.identity, address = await in_background(
        enrol, service.url, service.token, device.identity, patient
    )
    save_identity(folder / "identity.json", device.identity)
    device.power_on(0.0)
    uplink = Uplink(device, address, device.outbox, FaultyWire(FAULTS, 3))
    sending = asyncio.create_task(uplink.run())
    try:
        yield Worn(device, uplink, address)
    finally:
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)
        device.outbox.close()


async def operate(service: Service, *words: str) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "hisbundle", *words, "--data-dir", str(service.data_dir),
        stdout=subprocess.DEVNULL, env=os.environ | service.environment,
    )  # fmt: skip
    assert await process.wait() == 0, words


async def stored(database_url: str, table: str) -> list[asyncpg.Record]:
    queries = {
        "chunk": "SELECT c.frame FROM chunk c ORDER BY c.frame",
        "key": "SELECT epoch, status FROM device_key ORDER BY epoch",
        "quarantine": "SELECT reason FROM quarantine ORDER BY reason",
    }
    connection = await asyncpg.connect(database_url)
    try:
        return list(await connection.fetch(queries[table]))
    finally:
        await connection.close()


async def test_a_stream_goes_on_under_a_new_key(
    reachable_folder: Path, tmp_path: Path, system_postgres_url: str
) -> None:
    settings = {"HISBUNDLE_DATABASE_URL": system_postgres_url}
    service = Service(reachable_folder / "rotation", settings)
    async with running(service), worn(service, tmp_path / "device") as it:
        await it.until(lambda: it.uplink.acknowledged > 0)
        await refuse_all(it, tmp_path)
        refused = [row["reason"] for row in await stored(system_postgres_url, "quarantine")]
        assert refused == ["conflict", "foreign", "malformed", "malformed"]
        assert len(await stored(system_postgres_url, "key")) == 1
        old = it.device.identity.device_key
        await operate(service, "device", "rotate", str(it.device.identity.device_id))
        await it.until(lambda: it.device.identity.key_epoch == 2)
        for _ in range(10):
            await it.wear()
        await it.finish()
        assert it.device.identity.earlier_key == b""
        keys = {1: old, 2: it.device.identity.device_key}
        frames = [row["frame"] for row in await stored(system_postgres_url, "chunk")]
        assert_whole(it, frames, keys)
        told = [tuple(row) for row in await stored(system_postgres_url, "key")]
        assert told == [(1, "retired"), (2, "active")]
        it.device.make_key()  # and its power is lost before it hears that it was taken
        await simulate(
            Simulation(service.url, service.token, tmp_path / "device", seconds=3, speed=math.inf)
        )
        told = [tuple(row) for row in await stored(system_postgres_url, "key")]
        assert told == [(1, "retired"), (2, "retired"), (3, "active")]


def assert_whole(it: Worn, frames: list[bytes], keys: dict[int, bytes]) -> None:
    """Every sample once and in order: first under the one key, then under the other."""
    assert len(frames) == it.device.sealed
    line, epochs = [], []
    for frame in sorted(frames, key=lambda frame: (frame[24:28], frame[40:48])):
        header, sealed = parse_header(frame)
        cipher = SessionCipher(
            keys[header.key_epoch], header.device_id, header.key_epoch, header.session_id
        )
        body = cipher.open(header, sealed)
        line.append(body.samples[: body.n_valid])
        epochs.append(header.key_epoch)
    assert epochs == sorted(epochs)
    assert set(epochs) == {1, 2}
    expected = np.rint(np.concatenate(it.measured) * 1000).astype(np.int16)
    assert np.array_equal(np.concatenate(line), expected)


async def refuse_all(it: Worn, folder: Path) -> None:
    """Whoever has its password but not its key, and another device on its topic."""
    known, new = it.device.identity, secrets.token_bytes(32)
    mine, point = known.device_id, known.service_point
    forged = bytearray(build_request(new, known.device_key, mine, 2, point))
    forged[140] ^= 1
    tls = ssl.create_default_context(cadata=it.address.ca_pem) if it.address.tls else None
    client = await RawClient.open(it.address.port, tls)
    login = mqtt5.ConnectPacket("thief", username=str(mine), password=known.mqtt_password.encode())
    client.say(login)
    assert (await client.hear(mqtt5.ConnAckPacket)).reason_code == 0
    thieves = [
        (key_topic(mine), build_request(new, bytes(32), mine, 2, point), MALFORMED),
        (key_topic(mine), bytes(forged), MALFORMED),
        (key_topic(mine), build_request(new, known.device_key, mine, 3, point), CONFLICT),
    ]
    other = Device(folder / "other", 125.0).identity.device_id
    whole = build_request(new, known.device_key, mine, 2, point)
    for topic, payload, reason in [*thieves, (key_topic(other), whole, FOREIGN)]:
        client.say(mqtt5.PublishPacket(topic, payload, qos=mqtt5.QoS.AT_LEAST_ONCE, packet_id=1))
        assert (await client.hear(mqtt5.PubAckPacket)).reason_code is reason
    await client.close()
