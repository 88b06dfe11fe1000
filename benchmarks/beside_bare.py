"""Reads over HTTP beside a bare FastAPI route whose answers are as long.

Three processes: the service, the bare route (same server, same settings), and the client.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from api.tokens import KEY_FILE, issue, load_or_create_key
from benchmarks.bed import Bed, free_port
from benchmarks.child import Child, load_generator
from benchmarks.report import Row
from benchmarks.rounds import Contender, Lap, Size, compare, percentiles_ms

BARE_LAP = 3000
"""Requests to the bare route in one round."""


@dataclass(frozen=True, slots=True)
class Server:
    """A server process, and what its requests carry."""

    process: Child
    port: int
    token: str = ""

    async def cpu_s(self) -> float:
        """CPU time that it has used."""
        return float((await self.process.ask())["cpu_s"])


class Reading:
    """One kind of request to one server; keeps what the client saw."""

    def __init__(self, client: Child, server: Server, paths: Sequence[str]) -> None:
        self._client, self._server, self._paths = client, server, paths
        self.took: list[float] = []
        self.sizes: list[int] = []
        self.client_us = self.server_us = 0.0

    async def lap(self, connections: int) -> Lap:
        """Fetch all paths once."""
        before = await self._server.cpu_s()
        seen = await self._client.ask(
            port=self._server.port,
            token=self._server.token,
            connections=connections,
            paths=list(self._paths),
        )
        each_us = 1e6 / len(self._paths)
        self.server_us = (await self._server.cpu_s() - before) * each_us
        self.client_us = seen["cpu_s"] * each_us
        self.took += seen["took"]
        self.sizes += seen["sizes"]
        return len(self._paths), float(seen["seconds"])


@dataclass(frozen=True, slots=True)
class Readings:
    """Compares; ``name`` is the benchmark's."""

    name: str
    client: Child
    service: Server
    folder: Path
    size: Size

    async def rows(self, case: str, paths: Sequence[str], connections: int) -> list[Row]:
        """The bare route's row, and that of ``paths`` beside it."""
        reading = Reading(self.client, self.service, paths)
        await reading.lap(connections)  # caches and connections of the database warm
        n_bytes = sorted(reading.sizes)[len(reading.sizes) // 2]
        reading.took = []
        name = f"bare FastAPI route, {n_bytes:,} bytes"
        async with bare_server(n_bytes, self.folder) as server:
            bare = Reading(self.client, server, ["/"] * self.size.of(BARE_LAP, 10))
            await bare.lap(connections)
            bare.took = []

            def lap(one: Reading) -> Contender:
                return lambda: one.lap(connections)

            speeds = await compare({name: lap(bare), case: lap(reading)}, self.size.rounds)
        rows = []
        for each, label, beside in ((bare, name, ""), (reading, case, name)):
            p50, p99 = percentiles_ms(each.took)
            note = (
                f"{connections} connection{'s' if connections > 1 else ''}; "
                f"CPU server {each.server_us:.0f} µs, client {each.client_us:.0f} µs"
            )
            row = speeds[label].row(self.name, label, "requests", beside, note)
            rows.append(replace(row, p50_ms=p50, p99_ms=p99))
        return rows


@asynccontextmanager
async def readings(name: str, bed: Bed, size: Size) -> AsyncIterator[Readings]:
    """The service on ``bed`` in a process of its own, and a client."""
    folder = bed.parts.settings.data_dir
    token = issue(load_or_create_key(folder / KEY_FILE), ("system/*.rs",), 3600)
    async with (
        load_generator("benchmarks.http_load") as client,
        load_generator("benchmarks.http_server") as process,
    ):
        port = free_port()
        await process.ask(port=port, folder=str(folder), url=bed.url)
        yield Readings(name, client, Server(process, port, token), folder, size)


@asynccontextmanager
async def bare_server(n_bytes: int, folder: Path) -> AsyncIterator[Server]:
    """A route that answers with ``n_bytes`` constant bytes."""
    async with load_generator("benchmarks.http_server") as process:
        port = free_port()
        await process.ask(port=port, folder=str(folder), bytes=n_bytes)
        yield Server(process, port)
