"""The way of the device's own firmware: mutual TLS through Mosquitto, the service behind it."""

import asyncio
import json
import os
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

import asyncpg
import httpx

from core.chunk import ChunkBody, SessionCipher, parse_body, parse_header
from core.keys import device_key_name
from core.local_vault import LocalVault
from core.settings import Settings
from hisbundle.parts import MASTER_KEY_FILE
from hisbundle.tokens import development_token
from simulator.firmware import Firmware, build
from tests.ingest.certificates import make_certificates
from tests.ingest.mosquitto import Mosquitto
from tests.journey.stack import Service, free_port, running

DOCS = Path(__file__).parents[2] / "docs" / "brokers"
SERVICE = "hisbundle"


@dataclass(frozen=True)
class Stored:
    """One chunk as Postgres has it, opened."""

    key_epoch: int
    seq: int
    body: ChunkBody = field(repr=False)


@dataclass
class FirmwareRoad:
    """What there is, and what an operator does with it."""

    service: Service
    broker: Mosquitto
    database_url: str

    async def operate(self, *words: str) -> str:
        """Run ``hisbundle <words>`` as an operator would; what it printed."""
        command = [sys.executable, "-m", "hisbundle", *words, "--data-dir"]
        process = await asyncio.create_subprocess_exec(
            *command, str(self.service.data_dir), stdout=subprocess.PIPE,
            env=os.environ | self.service.environment,
        )  # fmt: skip
        printed, _ = await process.communicate()
        assert process.returncode == 0, words
        return printed.decode()

    async def device(self, folder: Path, rate_hz: float, flash_bytes: int) -> Firmware:
        """A device that has been enrolled and approved."""
        device = Firmware(folder, await asyncio.to_thread(build), flash_bytes)
        claim = development_token(Settings(data_dir=self.service.data_dir), ["hisbundle/claim"])
        async with httpx.AsyncClient(headers={"Authorization": f"Bearer {claim}"}) as client:
            key = (await client.get(f"{self.service.url}/enrolment/key")).json()["public_key"]
        device.configure(self.service.url, claim, key, rate_hz)
        enrolling = await device.enrol(ask_every_s=1)
        assert enrolling.stdout is not None
        code = json.loads(await enrolling.stdout.readline())["code"]
        assert await self.operate("device", "enroll", "--code", code) == f"{device.device_id}\n"
        assert await enrolling.wait() == 0
        return device

    async def stored(self, device_id: UUID) -> list[list[Stored]]:
        """All chunks of the device by session, in the order in which the sessions began."""
        vault = LocalVault(self.service.data_dir / MASTER_KEY_FILE)
        connection = await asyncpg.connect(self.database_url)
        try:
            keys = {
                row["epoch"]: await vault.unwrap(
                    device_key_name(device_id, row["epoch"]), row["wrapped"]
                )
                for row in await connection.fetch(
                    "SELECT epoch, wrapped FROM device_key WHERE device_id = $1", device_id
                )
            }
            frames = await connection.fetch(
                "SELECT c.frame FROM chunk c JOIN monitoring_session s ON s.id = c.session"
                " WHERE s.device_id = $1",
                device_id,
            )
        finally:
            await connection.close()
        sessions: dict[bytes, list[Stored]] = {}
        for row in frames:
            header, sealed = parse_header(row["frame"])
            key = keys[header.key_epoch]
            cipher = SessionCipher(key, device_id, header.key_epoch, header.session_id)
            body = parse_body(cipher.unseal(header, sealed))
            chunk = Stored(header.key_epoch, header.seq, body)
            sessions.setdefault(header.session_id, []).append(chunk)
        # A session's id begins with the count of boots.
        return [sorted(sessions[each], key=lambda chunk: chunk.seq) for each in sorted(sessions)]


@asynccontextmanager
async def firmware_road(folder: Path, database_url: str) -> AsyncIterator[FirmwareRoad]:
    """Mosquitto as docs/brokers has it, trusting the service's own device authority."""
    folder.mkdir(mode=0o711)
    files = make_certificates(folder, [SERVICE])
    port = free_port()
    settings = {
        "HISBUNDLE_DATABASE_URL": database_url,
        "HISBUNDLE_MQTT_URL": f"mqtts://localhost:{port}",
        "HISBUNDLE_MQTT_CA_FILE": str(files.ca),
        "HISBUNDLE_MQTT_CLIENT_CERT_FILE": str(folder / f"{SERVICE}.pem"),
        "HISBUNDLE_MQTT_CLIENT_KEY_FILE": str(folder / f"{SERVICE}-key.pem"),
        "HISBUNDLE_ROLES": '["ingest", "api"]',
    }
    async with running(Service(folder / "service", settings)) as service:
        broker = Mosquitto(folder, documented=(DOCS / "mosquitto.conf").read_text(), port=port)
        road = FirmwareRoad(service, broker, database_url)
        authority = await road.operate("device", "authority")
        shutil.copy(files.cert, folder / "server.pem")
        shutil.copy(files.key, folder / "server-key.pem")
        shutil.copy(DOCS / "acl", folder / "acl")
        # The file that the broker reads; devices and the service were given a copy without ours.
        trusted = files.ca.read_text() + authority
        (folder / "service-ca.pem").write_text(files.ca.read_text())
        files.ca.write_text(trusted)
        await asyncio.to_thread(broker.start)
        try:
            yield road
        finally:
            await asyncio.to_thread(broker.stop)
