"""One ingest process for tests, and what it left in the database."""

import asyncio
from uuid import UUID

from sqlalchemy import text

from core.ack import Acknowledgement
from core.keyring import KeyRing
from core.keys import KeyVault
from ingest.accept import Ingest
from ingest.frames import Frame, Outcome
from store import devices, quarantine
from store.database import Database
from tests.devices import Device


class Gateway:
    """One ingest process: its key ring and core, and what it told the devices."""

    def __init__(self, database: Database, vault: KeyVault, **bounds: int) -> None:
        self.keys = KeyRing(vault, self._load, 100, 60.0)
        self.core = Ingest(database, self.keys, **bounds)
        self.core.ack_sink = self._hear
        self.heard: list[tuple[UUID, bytes]] = []
        self._hears = asyncio.Event()
        self._database = database

    async def _load(self, device_id: UUID, epoch: int) -> bytes | None:
        async with self._database.transaction() as tx:
            return await devices.wrapped_key(tx, device_id, epoch)

    async def _hear(self, device_id: UUID, sealed: bytes) -> None:
        self.heard.append((device_id, sealed))
        self._hears.set()

    async def send(self, device: Device, *seqs: int) -> list[Outcome]:
        return await self.send_frames(*(Frame(device.topic, device.chunk(seq)) for seq in seqs))

    async def send_frames(self, *frames: Frame) -> list[Outcome]:
        return await asyncio.gather(*(self.core.submit(frame) for frame in frames))

    async def last_ack(self, device: Device) -> Acknowledgement:
        """The last that was heard; waits for the first one since ``heard`` was emptied."""
        if not self.heard:
            self._hears.clear()
            async with asyncio.timeout(5):
                await self._hears.wait()
        assert self.heard[-1][0] == device.id
        return device.believes(self.heard[-1][1])


async def stored(database: Database) -> list[bytes]:
    async with database.transaction() as tx:
        rows = await tx.execute(text("SELECT frame FROM chunk ORDER BY session, seq"))
        return list(rows.scalars())


async def aside(database: Database) -> list[quarantine.Quarantined]:
    async with database.transaction() as tx:
        return await quarantine.listing(tx, 100)


def flip(frame: bytes, at: int) -> bytes:
    """The frame with one bit of byte ``at`` changed."""
    return frame[:at] + bytes([frame[at] ^ 1]) + frame[at + 1 :]
