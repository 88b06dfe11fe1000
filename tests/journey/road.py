"""The road over servers of other makers: Mosquitto with TLS and passwords, a Postgres apart."""

import asyncio
import json
import math
import os
import signal
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg

from core.alerts import WATCHED
from hisbundle.embedded.postgres import EmbeddedPostgres
from simulator.faults import FaultRates
from simulator.source import Simulation
from tests.ingest.certificates import Certificates
from tests.ingest.mosquitto import Mosquitto
from tests.journey.stack import Service, running

_USERS = {"gateway": "of the gateway", "devices": "of the devices"}
_ACL = """
user gateway
topic read ecg/v1/+/chunk
topic write ecg/v1/+/ack
user devices
topic write ecg/v1/+/chunk
topic read ecg/v1/+/ack
"""


@dataclass
class Road:
    """Three things that can be killed, and a device's way through them."""

    service: Service
    broker: Mosquitto
    postgres: EmbeddedPostgres
    certificates: Certificates

    def plan(
        self,
        folder: Path,
        record: Path,
        seconds: float | None,
        faults: FaultRates | None = None,
        speed: float = math.inf,
    ) -> Simulation:
        return Simulation(
            self.service.url, self.service.token, folder, record=record, speed=speed,
            seconds=seconds, faults=faults or FaultRates(), seed=11,
            mqtt_url=broker_url(self.broker, "devices"), mqtt_ca_file=self.certificates.ca,
        )  # fmt: skip

    async def kill_service(self) -> None:
        await self.service.kill()
        await self.service.start()

    async def kill_broker(self) -> None:
        await asyncio.to_thread(self.broker.kill)
        await asyncio.to_thread(self.broker.start)

    async def kill_postgres(self) -> None:
        """SIGKILL to the postmaster; its supervisor starts it again."""
        pid_file = self.postgres.place.data / "postmaster.pid"
        os.kill(int(pid_file.read_text().split()[0]), signal.SIGKILL)

    async def findings(self, device_id: str) -> list[dict[str, Any]]:
        """What analysis said of the device's session, without the time of day, strip by strip."""
        connection = await asyncpg.connect(self.postgres.url)
        try:
            rows = await connection.fetch(
                "SELECT f.strip_index, f.body FROM finding f JOIN monitoring_session s"
                " ON s.id = f.session WHERE s.device_id = $1 ORDER BY f.strip_index",
                device_id,
            )
            alerts = await connection.fetch(
                "SELECT kind, strip_index, evidence, closed_at IS NULL AS open FROM alert a"
                " JOIN monitoring_session s ON s.id = a.session WHERE s.device_id = $1"
                " AND a.kind <> ALL ($2) ORDER BY 1, 2",
                device_id,
                [kind.value for kind in WATCHED],  # they tell of the service's own time of day
            )
        finally:
            await connection.close()
        told = [json.loads(row["body"]) | {"strip": row["strip_index"]} for row in rows]
        return [_timeless(finding) for finding in told] + [dict(row) for row in alerts]

    async def chunks(self, device_id: str) -> list[int]:
        """The stored sequence numbers of the device, ascending."""
        connection = await asyncpg.connect(self.postgres.url)
        try:
            rows = await connection.fetch(
                "SELECT c.seq FROM chunk c JOIN monitoring_session s ON s.id = c.session"
                " WHERE s.device_id = $1 ORDER BY c.seq",
                device_id,
            )
        finally:
            await connection.close()
        return [row["seq"] for row in rows]


def _timeless(finding: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in finding.items() if name != "started_at"}


def broker_url(broker: Mosquitto, user: str) -> str:
    password = _USERS[user].replace(" ", "%20")
    return f"mqtts://{user}:{password}@localhost:{broker.port}"


@asynccontextmanager
async def broker_road(
    folder: Path, certificates: Certificates, database_url: str | None = None
) -> AsyncIterator[Road]:
    """All three, running; stopped in order at the end.

    The service keeps its data at ``database_url``, or in the Postgres that can be killed.
    """
    folder.mkdir(mode=0o711)
    postgres = EmbeddedPostgres(folder / "postgres")
    broker_folder = Path(tempfile.mkdtemp(dir=folder))
    broker = Mosquitto(broker_folder, certificates, _USERS, _ACL)
    await asyncio.to_thread(postgres.start)
    watching = asyncio.create_task(postgres.supervise())
    try:
        await asyncio.to_thread(broker.start)
        settings = {
            "HISBUNDLE_DATABASE_URL": database_url or postgres.url,
            "HISBUNDLE_MQTT_URL": broker_url(broker, "gateway"),
            "HISBUNDLE_MQTT_CA_FILE": str(certificates.ca),
        }
        async with running(Service(folder / "service", settings)) as service:
            yield Road(service, broker, postgres, certificates)
    finally:
        await asyncio.to_thread(broker.stop)
        await asyncio.to_thread(postgres.stop)
        await watching
