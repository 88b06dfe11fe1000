"""The application acknowledgement "EA" v1: pack and verify (firmware/PROTOCOL.md, section 3).

It states which chunks of a session are committed: every number below ``watermark``, and the
closed ranges above it. It is authenticated with a key of its own, derived from the device's
key, so that no broker can make a device delete data; and it is cumulative, so that a lost,
repeated or late acknowledgement does no harm.
"""

import hmac
import struct
from dataclasses import dataclass
from hashlib import sha256
from uuid import UUID

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from core.errors import Incorrect

MAGIC = b"EA"
VERSION = 1
SUITE_HMAC_SHA_256 = 1
MAC_BYTES = 32
MAX_RANGES = 32

_HEAD = struct.Struct(">2sBB16sI16sQH")
_RANGE = struct.Struct(">QQ")
_LABEL = b"ecg-iot v1 ack"


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """What is safely stored of one session: ``seq < watermark`` and the closed ``ranges``."""

    device_id: UUID
    key_epoch: int
    session_id: bytes
    watermark: int
    ranges: tuple[tuple[int, int], ...] = ()

    def covers(self, seq: int) -> bool:
        """Whether chunk ``seq`` is stored."""
        return seq < self.watermark or any(first <= seq <= last for first, last in self.ranges)

    def pack(self) -> bytes:
        """The bytes that the MAC covers."""
        head = _HEAD.pack(
            MAGIC,
            VERSION,
            SUITE_HMAC_SHA_256,
            self.device_id.bytes,
            self.key_epoch,
            self.session_id,
            self.watermark,
            len(self.ranges),
        )
        return head + b"".join(_RANGE.pack(*pair) for pair in self.ranges)


def ack_key(device_key: bytes, device_id: UUID, key_epoch: int, session_id: bytes) -> bytes:
    """The 32-byte MAC key of one session (HKDF-SHA-256 under its own label)."""
    info = _LABEL + device_id.bytes + key_epoch.to_bytes(4, "big")
    return HKDF(hashes.SHA256(), 32, session_id, info).derive(device_key)


def seal_ack(ack: Acknowledgement, key: bytes) -> bytes:
    """The acknowledgement for the wire: its bytes and their HMAC-SHA-256 (RFC 2104)."""
    packed = ack.pack()
    return packed + hmac.digest(key, packed, sha256)


def parse_ack(frame: bytes) -> Acknowledgement:
    """Read the form of an acknowledgement; ``verify_ack`` says whether to believe it.

    Raises Incorrect for another length, magic, version or suite.
    """
    if len(frame) < _HEAD.size + MAC_BYTES:
        raise Incorrect("acknowledgement is too short")
    magic, version, suite, device, epoch, session_id, watermark, count = _HEAD.unpack_from(frame)
    if (magic, version, suite) != (MAGIC, VERSION, SUITE_HMAC_SHA_256):
        raise Incorrect("not an EA version 1 acknowledgement of suite 1")
    if count > MAX_RANGES or len(frame) != _HEAD.size + _RANGE.size * count + MAC_BYTES:
        raise Incorrect("acknowledgement length does not fit its range count")
    ranges = tuple(_RANGE.iter_unpack(frame[_HEAD.size : -MAC_BYTES]))
    return Acknowledgement(UUID(bytes=device), epoch, session_id, watermark, ranges)


def verify_ack(frame: bytes, key: bytes) -> Acknowledgement:
    """The acknowledgement, once its MAC has been checked. Raises Incorrect otherwise."""
    ack = parse_ack(frame)
    if not hmac.compare_digest(frame[-MAC_BYTES:], hmac.digest(key, frame[:-MAC_BYTES], sha256)):
        raise Incorrect("acknowledgement MAC is wrong")
    return ack
