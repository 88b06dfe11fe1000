"""A device for benchmarks: seals chunks of a synthetic signal, or of any content."""

import os
import secrets
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from uuid import UUID, uuid4

import numpy as np

from core.chunk import SAMPLES_PER_CHUNK, ChunkBody, ChunkFlag, ChunkHeader, SessionCipher
from core.topics import chunk_topic
from simulator.framer import Framer
from simulator.rhythm import Rhythm
from simulator.synthetic import synthetic

RATE_HZ = float(os.environ.get("HISBUNDLE_BENCH_RATE_HZ", "125"))
"""Of the devices' samples; a device has 125 or 250 Hz (firmware/README.md)."""
CHUNK_S = SAMPLES_PER_CHUNK / RATE_HZ


@dataclass(slots=True)
class Recorder:
    """Its key, and its one session; ``sealed`` counts chunks."""

    id: UUID = field(default_factory=uuid4)
    key: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    session_id: bytes = field(default_factory=lambda: secrets.token_bytes(16))
    password: str = field(default_factory=lambda: secrets.token_urlsafe(32))
    epoch: int = 1
    sealed: int = 0

    @property
    def topic(self) -> str:
        """Where it publishes."""
        return chunk_topic(self.id)

    @property
    def cipher(self) -> SessionCipher:
        """Of its session; made anew each time."""
        return SessionCipher(self.key, self.id, self.epoch, self.session_id)

    def seal(self, contents: Iterable[ChunkBody]) -> list[bytes]:
        """The next chunks of the session."""
        cipher, frames = self.cipher, []
        for content in contents:
            header = ChunkHeader(self.id, self.epoch, self.session_id, self.sealed)
            frames.append(bytes(cipher.seal(header, content)))
            self.sealed += 1
        return frames

    def noise(self, count: int) -> list[bytes]:
        """The next ``count`` chunks; their content is random and makes no sense as a signal."""
        codes = np.random.default_rng(self.sealed).integers(-3000, 3000, SAMPLES_PER_CHUNK)
        samples = codes.astype(np.int16)
        return self.seal(
            ChunkBody(
                0,
                n * SAMPLES_PER_CHUNK,
                round(100 * RATE_HZ),
                ChunkFlag(0),
                SAMPLES_PER_CHUNK,
                1000,
                samples,
            )
            for n in range(self.sealed, self.sealed + count)
        )


def signal_bodies(count: int, started_us: int, seed: int = 0) -> list[ChunkBody]:
    """``count`` chunks of a sinus rhythm with ectopic beats, the first at ``started_us`` UTC."""
    return list(_first(count, _bodies(started_us, seed)))


def _bodies(started_us: int, seed: int) -> Iterator[ChunkBody]:
    framer = Framer(RATE_HZ, started_us)
    for block in synthetic(Rhythm.PVC, RATE_HZ, seed):
        yield from framer.push(block)


def _first(count: int, bodies: Iterator[ChunkBody]) -> Iterator[ChunkBody]:
    for _, content in zip(range(count), bodies, strict=False):
        yield content
