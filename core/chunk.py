"""The sealed chunk "EC" v1: parse, pack, seal and open (firmware/PROTOCOL.md, section 2).

A chunk is 462 bytes, big-endian: a clear header of 48 bytes that is authenticated, a
ciphertext of 398 bytes, and the AES-256-GCM tag of 16 bytes (NIST SP 800-38D). The key
and the nonce base come from HKDF-SHA-256 (RFC 5869) over the device's key with the
session id as salt, so a new session never repeats a nonce.
"""

import struct
from dataclasses import dataclass, field
from enum import IntFlag
from typing import NewType
from uuid import UUID

import numpy as np
import numpy.typing as npt
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from core.errors import Incorrect

MAGIC = b"EC"
VERSION = 1
SUITE_AES_256_GCM = 1
SAMPLES_PER_CHUNK = 187
HEADER_BYTES = 48
BODY_BYTES = 24 + 2 * SAMPLES_PER_CHUNK
TAG_BYTES = 16
CHUNK_BYTES = HEADER_BYTES + BODY_BYTES + TAG_BYTES
INVALID_SAMPLE = -32768
MAX_SEQ = 2**64 - 2
"""Refuse to seal at 2**64 - 1, so that a counter can never wrap onto a used nonce."""
MAX_T0_US = 253_402_300_799_999_999
"""The end of the year 9999, beyond which neither dates nor FHIR instants go."""
MAX_SAMPLE_INDEX = 2**62
MIN_RATE_CENTIHZ = 10_000
"""The band ends at 40 Hz; below 100 Hz it could not be told from what folds into it."""

_HEADER = struct.Struct(">2sBB16sI16sQ")
_BODY = struct.Struct(">QQHHHH")
_LABEL = b"ecg-iot v1 chunk"

SealedChunk = NewType("SealedChunk", bytes)
"""462 bytes whose length, magic, version and suite have been checked; not the tag."""


class ChunkFlag(IntFlag):
    """Bits of the encrypted ``flags`` field."""

    LEAD_OFF_PLUS = 1
    LEAD_OFF_MINUS = 2
    SATURATED = 4
    GAP_BEFORE = 8
    CLOCK_UNSYNCED = 16
    FROM_FLASH = 32
    TEST_SIGNAL = 64


@dataclass(frozen=True, slots=True)
class ChunkHeader:
    """The clear, authenticated part: who, under which key, which session, which number."""

    device_id: UUID
    key_epoch: int
    session_id: bytes
    seq: int

    def pack(self) -> bytes:
        """The 48 header bytes, which are also the associated data of the seal."""
        return _HEADER.pack(
            MAGIC,
            VERSION,
            SUITE_AES_256_GCM,
            self.device_id.bytes,
            self.key_epoch,
            self.session_id,
            self.seq,
        )


@dataclass(frozen=True, slots=True, eq=False)
class ChunkBody:
    """The encrypted part: 187 samples and what is needed to read them.

    ``samples`` are i16 codes, shape (187,); ``INVALID_SAMPLE`` marks lead-off or padding.
    One code is ``nv_per_lsb`` nanovolts at the electrodes. ``t0_us`` is the UTC time of the
    first sample in microseconds since 1970, 0 while the clock is unset. ``sample_index``
    counts samples since the session began, including those that were lost.
    """

    t0_us: int
    sample_index: int
    rate_centihz: int
    flags: ChunkFlag
    n_valid: int
    nv_per_lsb: int
    samples: npt.NDArray[np.int16] = field(repr=False)

    @property
    def rate_hz(self) -> float:
        """Sampling rate in Hz."""
        return self.rate_centihz / 100

    def pack(self) -> bytes:
        """The 398 clear bytes that are sealed."""
        return (
            _BODY.pack(
                self.t0_us,
                self.sample_index,
                self.rate_centihz,
                int(self.flags),
                self.n_valid,
                self.nv_per_lsb,
            )
            + self.samples.astype(">i2").tobytes()
        )


def parse_header(frame: bytes) -> tuple[ChunkHeader, SealedChunk]:
    """Check the outer form of a frame and read its header (the tag is not checked here).

    Raises Incorrect, saying what is wrong, for another length, magic, version or suite.
    """
    if len(frame) != CHUNK_BYTES:
        raise Incorrect(f"length {len(frame)} is not {CHUNK_BYTES}")
    magic, version, suite, device, epoch, session_id, seq = _HEADER.unpack_from(frame)
    if magic != MAGIC:
        raise Incorrect("magic is not EC")
    if version != VERSION:
        raise Incorrect(f"version {version} is not {VERSION}")
    if suite != SUITE_AES_256_GCM:
        raise Incorrect(f"suite {suite} is not {SUITE_AES_256_GCM}")
    if seq > MAX_SEQ:
        raise Incorrect("sequence number is out of range")
    return ChunkHeader(UUID(bytes=device), epoch, session_id, seq), SealedChunk(frame)


def parse_body(clear: bytes) -> ChunkBody:
    """Read the opened 398 bytes. Raises Incorrect for a count, rate or time that cannot be."""
    t0_us, sample_index, rate_centihz, flags, n_valid, nv_per_lsb = _BODY.unpack_from(clear)
    if n_valid > SAMPLES_PER_CHUNK:
        raise Incorrect(f"n_valid {n_valid} exceeds {SAMPLES_PER_CHUNK}")
    if rate_centihz < MIN_RATE_CENTIHZ:
        raise Incorrect(f"sampling rate {rate_centihz / 100} Hz is below 100 Hz")
    if nv_per_lsb == 0:
        raise Incorrect("nV per LSB must not be 0")
    if t0_us > MAX_T0_US or sample_index > MAX_SAMPLE_INDEX:
        raise Incorrect("time or sample index is out of range")
    samples = np.frombuffer(clear, dtype=">i2", offset=_BODY.size).astype(np.int16)
    return ChunkBody(
        t0_us, sample_index, rate_centihz, ChunkFlag(flags), n_valid, nv_per_lsb, samples
    )


class SessionCipher:
    """Seals and opens the chunks of one session (one HKDF call, then one GCM call each)."""

    def __init__(
        self, device_key: bytes, device_id: UUID, key_epoch: int, session_id: bytes
    ) -> None:
        info = _LABEL + device_id.bytes + key_epoch.to_bytes(4, "big")
        okm = HKDF(hashes.SHA256(), 44, session_id, info).derive(device_key)
        self._aead = AESGCM(okm[:32])
        self._iv = int.from_bytes(okm[32:], "big")

    def _nonce(self, seq: int) -> bytes:
        return (self._iv ^ seq).to_bytes(12, "big")

    def seal(self, header: ChunkHeader, body: ChunkBody) -> SealedChunk:
        """The 462 bytes for the wire. Raises Incorrect once the sequence is used up."""
        if header.seq > MAX_SEQ:
            raise Incorrect("sequence number is used up; begin a new session")
        associated = header.pack()
        sealed = self._aead.encrypt(self._nonce(header.seq), body.pack(), associated)
        return SealedChunk(associated + sealed)

    def unseal(self, header: ChunkHeader, frame: SealedChunk) -> bytes:
        """Check the tag; the 398 clear bytes. Raises Incorrect if the tag is wrong."""
        try:
            return self._aead.decrypt(
                self._nonce(header.seq), frame[HEADER_BYTES:], frame[:HEADER_BYTES]
            )
        except InvalidTag:
            raise Incorrect("authentication tag is wrong") from None

    def open(self, header: ChunkHeader, frame: SealedChunk) -> ChunkBody:
        """Check the tag and read the body.

        Raises Incorrect if the tag or the opened content is wrong.
        """
        return parse_body(self.unseal(header, frame))
