"""A device for tests: enrolled straight into the store, seals real chunks."""

import secrets
from dataclasses import dataclass, field
from uuid import UUID, uuid4

import numpy as np

from core.ack import Acknowledgement, ack_key, verify_ack
from core.chunk import SAMPLES_PER_CHUNK, ChunkBody, ChunkFlag, ChunkHeader, SessionCipher
from core.keys import KeyVault, device_key_name
from core.topics import chunk_topic
from store import devices
from store.chunks import NewChunk
from store.database import Database


@dataclass
class Device:
    """Its key, its epoch, and its present session."""

    id: UUID = field(default_factory=uuid4)
    key: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    epoch: int = 1
    session_id: bytes = field(default_factory=lambda: secrets.token_bytes(16))

    @property
    def topic(self) -> str:
        return chunk_topic(self.id)

    def chunk(self, seq: int, value: int = 0) -> bytes:
        """The sealed chunk ``seq``; another ``value`` gives other bytes."""
        header = ChunkHeader(self.id, self.epoch, self.session_id, seq)
        cipher = SessionCipher(self.key, self.id, self.epoch, self.session_id)
        return bytes(cipher.seal(header, flat_body(seq, value)))

    def new_chunk(self, seq: int, value: int = 0) -> NewChunk:
        """The same, as the store takes it."""
        return NewChunk(self.id, self.epoch, self.session_id, seq, self.chunk(seq, value))

    def believes(self, sealed: bytes) -> Acknowledgement:
        """An acknowledgement of the present session, its MAC checked."""
        return verify_ack(sealed, ack_key(self.key, self.id, self.epoch, self.session_id))


def flat_body(seq: int, value: int = 0) -> ChunkBody:
    """187 samples of one value at 125 Hz."""
    return ChunkBody(
        t0_us=1_750_000_000_000_000 + (seq % 10**9) * 1_496_000,
        sample_index=(seq % 10**9) * SAMPLES_PER_CHUNK,
        rate_centihz=12_500,
        flags=ChunkFlag(0),
        n_valid=SAMPLES_PER_CHUNK,
        nv_per_lsb=732,
        samples=np.full(SAMPLES_PER_CHUNK, value, dtype=np.int16),
    )


async def enrol_directly(database: Database, vault: KeyVault, device: Device) -> Device:
    """Put the device's present key into the store, as an enrolment would."""
    async with database.transaction() as tx:
        await devices.hold(tx, device.id)
        wrapped = await vault.wrap(device_key_name(device.id, device.epoch), device.key)
        await devices.add_key(tx, device.id, device.epoch, wrapped)
    return device
