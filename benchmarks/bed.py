"""The service's parts on an embedded Postgres of their own, as the service runs it."""

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.recorder import Recorder
from core.keys import device_key_name
from core.settings import Settings, VaultKind
from hisbundle.migrate import migrate
from hisbundle.parts import Parts, assemble
from hisbundle.ports import resolve_port
from hisbundle.reach import database_server
from store import devices
from store.database import Database

HOST = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Bed:
    """``url`` is the database's, for a baseline's own connection."""

    parts: Parts
    url: str

    @property
    def database(self) -> Database:
        """The service's way to it."""
        return self.parts.database

    async def enrol(self, count: int) -> list[Recorder]:
        """Devices that may send and log in."""
        recorders = [Recorder() for _ in range(count)]
        async with self.database.transaction() as tx:
            for recorder in recorders:
                await devices.hold(tx, recorder.id)
                name = device_key_name(recorder.id, recorder.epoch)
                wrapped = await self.parts.vault.wrap(name, recorder.key)
                await devices.add_key(tx, recorder.id, recorder.epoch, wrapped)
                await devices.set_password(tx, recorder.id, recorder.password)
        return recorders


@contextmanager
def temporary_settings() -> Iterator[Settings]:
    """Settings for a service on a folder that goes away: nothing of an installed one is touched."""
    # Short, and other accounts may pass through it: Postgres runs as one of them under root.
    folder = Path(tempfile.mkdtemp(prefix="hb-bench-"))
    folder.chmod(0o711)
    try:
        yield bench_settings(folder, free_port())
    finally:
        shutil.rmtree(folder)


def bench_settings(folder: Path, http_port: int) -> Settings:
    """For a service on ``folder``, whatever the environment says."""
    return Settings(
        data_dir=folder,
        database_url=None,
        mqtt_url=None,
        public_url=None,
        tls_cert_file=None,
        tls_key_file=None,
        vault=VaultKind.LOCAL,
        bind_host=HOST,
        http_port=http_port,
        mqtt_port=free_port(),
    )


@asynccontextmanager
async def open_bed() -> AsyncIterator[Bed]:
    """A migrated database with fsync on, keys and certificates; gone after the block."""
    with temporary_settings() as settings:
        async with database_server(settings) as server:
            await migrate(server.url)
            database = Database(server.url)
            try:
                yield Bed(await asyncio.to_thread(assemble, settings, database), server.url)
            finally:
                await database.close()


def free_port() -> int:
    """A TCP port that nobody listens on just now."""
    return resolve_port(HOST, 0, "a benchmark's port")


def dealt(recorders: Sequence[Recorder], count: int) -> Iterator[tuple[Recorder, bytes]]:
    """The next ``count`` chunks, the same number from each device, as they would interleave."""
    each = max(1, count // len(recorders))
    hands = [recorder.noise(each) for recorder in recorders]
    for frames in zip(*hands, strict=True):
        yield from zip(recorders, frames, strict=True)
