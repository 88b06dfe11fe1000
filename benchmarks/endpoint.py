"""Device, TLS, MQTT endpoint, commit, PUBACK beside the same submit path without MQTT."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from uuid import UUID

from benchmarks.bed import HOST, Bed, open_bed
from benchmarks.child import Child, load_generator
from benchmarks.ingest import flood, running_ingest
from benchmarks.recorder import Recorder
from benchmarks.report import Row
from benchmarks.rounds import Lap, Size, compare
from ingest.accept import Ingest
from ingest.endpoint import MqttEndpoint
from store import devices

NAME = "endpoint"
CONNECTIONS = 50
_BARE, _ROAD = "submit without MQTT", "publish over TLS until PUBACK"


async def run(size: Size) -> list[Row]:
    """Chunks per second flat out; the client is a process of its own on the same machine."""
    async with open_bed() as bed, running_ingest(bed) as core, _endpoint(bed, core) as port:
        near, far = await bed.enrol(CONNECTIONS), await bed.enrol(CONNECTIONS)
        each, client_s = size.of(160), list[float]()
        await flood(core, near, len(near))
        async with load_generator("benchmarks.mqtt_load") as child:
            await _open(bed, child, port, far)

            async def submit() -> Lap:
                return await flood(core, near, each * CONNECTIONS)

            async def publish() -> Lap:
                await child.ask(do="seal", each=each)
                took = await child.ask(do="send")
                client_s.append(took["cpu_s"] / (each * CONNECTIONS))
                return each * CONNECTIONS, float(took["seconds"])

            await publish()  # keys and connections warm
            speeds = await compare({_BARE: submit, _ROAD: publish}, size.rounds)
    client_us = 1e6 * sorted(client_s)[len(client_s) // 2]
    note = f"{CONNECTIONS} connections; the client takes {client_us:.0f} µs CPU a chunk"
    return [
        speeds[_BARE].row(NAME, _BARE, "chunks"),
        speeds[_ROAD].row(NAME, _ROAD, "chunks", _BARE, note),
    ]


@asynccontextmanager
async def _endpoint(bed: Bed, core: Ingest) -> AsyncIterator[int]:
    async def authenticate(username: str, password: bytes) -> UUID | None:
        async with bed.database.transaction() as tx:
            device_id = UUID(username)
            return device_id if await devices.mqtt_login(tx, device_id, password) else None

    tls = bed.parts.tls
    endpoint = MqttEndpoint(core, authenticate, tls.context if tls else None, HOST, 0)
    core.ack_sink = endpoint.send
    await endpoint.start()
    try:
        yield endpoint.port
    finally:
        await endpoint.close()


async def _open(bed: Bed, child: Child, port: int, recorders: Sequence[Recorder]) -> None:
    told = [
        {
            "id": str(one.id),
            "key": one.key.hex(),
            "session": one.session_id.hex(),
            "password": one.password,
            "sealed": one.sealed,
        }
        for one in recorders
    ]
    ca_pem = bed.parts.tls.ca_path.read_text() if bed.parts.tls else None
    await child.ask(do="open", port=port, ca_pem=ca_pem, devices=told)
