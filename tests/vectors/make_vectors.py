"""Writes the vectors that Python and C share: ``python -m tests.vectors.make_vectors``.

Keys, identifiers and samples are fixed, so the files never change by themselves. All fields
are hexadecimal, big-endian, at their width on the wire. ``invalid`` cases name the check that
must refuse them (firmware/PROTOCOL.md, section 4).
"""

import json
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np

from core.ack import Acknowledgement, ack_key, seal_ack
from core.chunk import MAX_SEQ, SAMPLES_PER_CHUNK, ChunkBody, ChunkFlag, ChunkHeader, SessionCipher
from core.enrolment import key_confirmation
from core.rotation import command_taken, command_to_rotate

FOLDER = Path(__file__).parent
DEVICE_KEY = sha256(b"hisbundle test vector device key").digest()
DEVICE_ID = UUID("0f1e2d3c-4b5a-4697-8877-665544332211")
SESSION_ID = bytes.fromhex("0000002a") + sha256(b"hisbundle test vector session").digest()[:12]
NEXT_KEY = sha256(b"hisbundle test vector next key").digest()
EPOCH = 3

Vectors = dict[str, Any]


def _body(kind: str) -> ChunkBody:
    n = np.arange(SAMPLES_PER_CHUNK)
    samples = {
        "ramp": n * 100 - 9000,
        "extremes": np.where(n % 2, 32767, -32767),
        "lead off": np.full(SAMPLES_PER_CHUNK, -32768),
        "short": np.where(n < 50, n, -32768),
    }[kind]
    flags = {
        "extremes": ChunkFlag.SATURATED | ChunkFlag.FROM_FLASH,
        "lead off": ChunkFlag.LEAD_OFF_PLUS | ChunkFlag.LEAD_OFF_MINUS,
        "short": ChunkFlag.GAP_BEFORE | ChunkFlag.CLOCK_UNSYNCED,
    }.get(kind, ChunkFlag(0))
    return ChunkBody(
        t0_us=0 if ChunkFlag.CLOCK_UNSYNCED in flags else 1_767_225_600_123_456,
        sample_index=SAMPLES_PER_CHUNK * 7,
        rate_centihz=12_500,
        flags=flags,
        n_valid=50 if kind == "short" else SAMPLES_PER_CHUNK,
        nv_per_lsb=732,
        samples=samples.astype(np.int16),
    )


def _seal(body: ChunkBody, seq: int, epoch: int = EPOCH) -> bytes:
    cipher = SessionCipher(DEVICE_KEY, DEVICE_ID, epoch, SESSION_ID)
    return bytes(cipher.seal(ChunkHeader(DEVICE_ID, epoch, SESSION_ID, seq), body))


def _valid_chunks() -> Iterator[Vectors]:
    cases = [("ramp", 0), ("ramp", 7), ("extremes", 2**32), ("lead off", 2**63 - 2)]
    for kind, seq in [*cases, ("short", MAX_SEQ)]:
        body = _body(kind)
        yield {
            "name": f"{kind}, number {seq}",
            "seq": f"{seq:016x}",
            "t0_us": f"{body.t0_us:016x}",
            "sample_index": f"{body.sample_index:016x}",
            "rate_centihz": f"{body.rate_centihz:04x}",
            "flags": f"{int(body.flags):04x}",
            "n_valid": f"{body.n_valid:04x}",
            "nv_per_lsb": f"{body.nv_per_lsb:04x}",
            "samples": body.samples.astype(">i2").tobytes().hex(),
            "frame": _seal(body, seq).hex(),
        }


def _with(at: int, change: Callable[[int], int]) -> Callable[[bytes], bytes]:
    return lambda frame: frame[:at] + bytes([change(frame[at])]) + frame[at + 1 :]


def _one_up(value: int) -> int:
    return (value + 1) % 256


def _impossible(**fields: int) -> bytes:
    body = _body("ramp")
    for name, value in fields.items():
        object.__setattr__(body, name, value)
    return _seal(body, 7)


def _invalid_chunks() -> Iterator[Vectors]:
    good = _seal(_body("ramp"), 7)
    cases = [
        ("empty", "length", b""),
        ("one byte short", "length", good[:-1]),
        ("one byte long", "length", good + b"\0"),
        ("an acknowledgement's magic", "magic", _with(1, lambda _: ord("A"))(good)),
        ("version 2", "version", _with(2, lambda _: 2)(good)),
        ("suite 0", "suite", _with(3, lambda _: 0)(good)),
        ("number 2^64 - 1", "sequence", good[:40] + b"\xff" * 8 + good[48:]),
        ("another device", "tag", _with(4, _one_up)(good)),
        ("another epoch", "tag", _with(23, _one_up)(good)),
        ("another session", "tag", _with(39, _one_up)(good)),
        ("another number", "tag", _with(47, _one_up)(good)),
        ("changed ciphertext", "tag", _with(48, _one_up)(good)),
        ("changed last ciphertext byte", "tag", _with(445, _one_up)(good)),
        ("changed tag", "tag", _with(461, _one_up)(good)),
        ("sealed under another epoch", "tag", good[:48] + _seal(_body("ramp"), 7, 4)[48:]),
        ("188 valid samples", "body", _impossible(n_valid=188)),
        ("rate 0", "body", _impossible(rate_centihz=0)),
        ("rate below 100 Hz", "body", _impossible(rate_centihz=9_999)),
        ("0 nV per code", "body", _impossible(nv_per_lsb=0)),
        ("after the year 9999", "body", _impossible(t0_us=253_402_300_800_000_000)),
        ("sample index beyond 2^62", "body", _impossible(sample_index=2**62 + 1)),
    ]
    for name, check, frame in cases:
        yield {"name": name, "refused_by": check, "frame": frame.hex()}


def chunk_vectors() -> Vectors:
    """Chunks of one session."""
    return {
        "description": "EC version 1, suite 1. Open every frame with device_key.",
        "device_key": DEVICE_KEY.hex(),
        "device_id": DEVICE_ID.hex,
        "key_epoch": f"{EPOCH:08x}",
        "session_id": SESSION_ID.hex(),
        "valid": list(_valid_chunks()),
        "invalid": list(_invalid_chunks()),
    }


def _seal_ack(watermark: int, *ranges: tuple[int, int]) -> bytes:
    ack = Acknowledgement(DEVICE_ID, EPOCH, SESSION_ID, watermark, ranges)
    return seal_ack(ack, ack_key(DEVICE_KEY, DEVICE_ID, EPOCH, SESSION_ID))


def ack_vectors() -> Vectors:
    """Acknowledgements of the same session."""
    many = [(10 * n, 10 * n + n) for n in range(1, 33)]
    valid = [
        (0, []), (1, []), (5, [(7, 7)]), (2**32, [(2**32 + 2, 2**63 - 2)]), (3, many),
    ]  # fmt: skip
    good = _seal_ack(5, (7, 9), (12, 12))
    invalid = [
        ("empty", "length", b""),
        ("no MAC", "length", good[:-32]),
        ("one byte long", "length", good + b"\0"),
        ("count says three ranges", "length", _with(49, lambda _: 3)(good)),
        ("count says 33 ranges", "length", _with(49, lambda _: 33)(good)),
        ("a chunk's magic", "magic", _with(1, lambda _: ord("C"))(good)),
        ("version 2", "version", _with(2, lambda _: 2)(good)),
        ("suite 2", "suite", _with(3, lambda _: 2)(good)),
        ("another device", "mac", _with(4, _one_up)(good)),
        ("another session", "mac", _with(39, _one_up)(good)),
        ("a higher watermark", "mac", _with(47, _one_up)(good)),
        ("a wider range", "mac", _with(65, _one_up)(good)),
        ("changed MAC", "mac", _with(len(good) - 1, _one_up)(good)),
    ]
    return {
        "description": "EA version 1, suite 1. MAC key: label 'ecg-iot v1 ack'.",
        "device_key": DEVICE_KEY.hex(),
        "device_id": DEVICE_ID.hex,
        "key_epoch": f"{EPOCH:08x}",
        "session_id": SESSION_ID.hex(),
        "valid": [
            {
                "watermark": f"{watermark:016x}",
                "ranges": [[f"{first:016x}", f"{last:016x}"] for first, last in ranges],
                "frame": _seal_ack(watermark, *ranges).hex(),
            }
            for watermark, ranges in valid
        ],
        "invalid": [
            {"name": name, "refused_by": check, "frame": frame.hex()}
            for name, check, frame in invalid
        ],
    }


def enrolment_vectors() -> Vectors:
    """The service's answer to an enrolment (sealing is random; RFC 9180 A.3 has its vectors)."""
    return {
        "description": "Key confirmation. HPKE info is 'ecg enrol v1|' || device_id || key_epoch.",
        "device_key": DEVICE_KEY.hex(),
        "device_id": DEVICE_ID.hex,
        "key_epoch": f"{EPOCH:08x}",
        "info": (b"ecg enrol v1|" + DEVICE_ID.bytes + EPOCH.to_bytes(4, "big")).hex(),
        "key_confirmation": key_confirmation(DEVICE_KEY, DEVICE_ID, EPOCH).hex(),
    }


def rotation_vectors() -> Vectors:
    """Commands about the next key, right and wrong (a request is sealed, so it is random)."""
    rotate = command_to_rotate(DEVICE_KEY, DEVICE_ID, EPOCH)
    taken = command_taken(NEXT_KEY, DEVICE_ID, EPOCH + 1)
    wrong = [
        ("empty", "malformed", b""),
        ("one byte short", "malformed", rotate[:-1]),
        ("one byte long", "malformed", taken + b"\0"),
        ("an acknowledgement's magic", "malformed", _with(1, lambda _: ord("A"))(rotate)),
        ("version 2", "malformed", _with(2, lambda _: 2)(rotate)),
        ("kind 0", "malformed", _with(3, lambda _: 0)(rotate)),
        ("kind 3", "malformed", _with(3, lambda _: 3)(rotate)),
        ("another device", "foreign", _with(4, _one_up)(rotate)),
        ("the epoch that there is", "foreign", command_to_rotate(DEVICE_KEY, DEVICE_ID, EPOCH - 1)),
        ("an epoch too far", "foreign", command_taken(NEXT_KEY, DEVICE_ID, EPOCH + 2)),
        ("another proof", "forged", _with(55, _one_up)(rotate)),
        ("the other kind", "forged", _with(3, lambda _: 2)(rotate)),
        ("proven by the next key", "forged", command_to_rotate(NEXT_KEY, DEVICE_ID, EPOCH)),
        ("another key was taken", "forged", command_taken(DEVICE_KEY, DEVICE_ID, EPOCH + 1)),
    ]
    return {
        "description": "EK version 1, to a device of the newest epoch key_epoch.",
        "device_key": DEVICE_KEY.hex(),
        "next_key": NEXT_KEY.hex(),
        "device_id": DEVICE_ID.hex,
        "key_epoch": f"{EPOCH:08x}",
        "rotate": rotate.hex(),
        "taken": taken.hex(),
        "invalid": [
            {"name": name, "refused_as": check, "frame": frame.hex()}
            for name, check, frame in wrong
        ],
    }


MAKERS = {
    "chunk.json": chunk_vectors,
    "ack.json": ack_vectors,
    "enrolment.json": enrolment_vectors,
    "rotation.json": rotation_vectors,
}


def main() -> None:
    """Write the files beside this one."""
    for name, make in MAKERS.items():
        (FOLDER / name).write_text(json.dumps(make(), indent=1) + "\n")


if __name__ == "__main__":
    main()
