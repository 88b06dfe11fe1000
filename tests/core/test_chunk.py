"""The chunk codec: round trip, every single-bit change, shared vectors, and the format itself."""

import hmac
import json
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np
import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from core.chunk import (
    CHUNK_BYTES,
    MAX_SAMPLE_INDEX,
    MAX_SEQ,
    MAX_T0_US,
    MIN_RATE_CENTIHZ,
    SAMPLES_PER_CHUNK,
    ChunkBody,
    ChunkFlag,
    ChunkHeader,
    SessionCipher,
    parse_header,
)
from core.errors import Incorrect
from tests.devices import Device, flat_body
from tests.vectors.make_vectors import MAKERS

VECTORS = Path(__file__).parents[1] / "vectors"
CHUNKS: dict[str, Any] = json.loads((VECTORS / "chunk.json").read_text())
KEY = bytes.fromhex(CHUNKS["device_key"])

headers = st.builds(
    ChunkHeader,
    st.uuids(),
    st.integers(0, 2**32 - 1),
    st.binary(min_size=16, max_size=16),
    st.integers(0, MAX_SEQ),
)
bodies = st.builds(
    ChunkBody,
    st.integers(0, MAX_T0_US),
    st.integers(0, MAX_SAMPLE_INDEX),
    st.integers(MIN_RATE_CENTIHZ, 2**16 - 1),
    st.integers(0, 2**16 - 1).map(ChunkFlag),
    st.integers(0, SAMPLES_PER_CHUNK),
    st.integers(1, 2**16 - 1),
    arrays(np.int16, SAMPLES_PER_CHUNK),
)


def _receive(frame: bytes, key: bytes = KEY) -> ChunkBody:
    """What a service does that knows one device key: it believes no header before the tag."""
    header, sealed = parse_header(frame)
    cipher = SessionCipher(key, header.device_id, header.key_epoch, header.session_id)
    return cipher.open(header, sealed)


@given(headers, bodies, st.binary(min_size=32, max_size=32))
def test_round_trip(header: ChunkHeader, body: ChunkBody, key: bytes) -> None:
    cipher = SessionCipher(key, header.device_id, header.key_epoch, header.session_id)
    frame = cipher.seal(header, body)
    assert len(frame) == CHUNK_BYTES == 462
    assert parse_header(frame) == (header, frame)
    opened = _receive(frame, key)
    assert opened.pack() == body.pack()
    assert np.array_equal(opened.samples, body.samples)
    assert opened.samples.dtype == np.int16


def test_every_single_bit_change_is_refused() -> None:
    frame = bytes.fromhex(CHUNKS["valid"][1]["frame"])
    _receive(frame)
    for bit in range(8 * CHUNK_BYTES):
        changed = bytearray(frame)
        changed[bit // 8] ^= 1 << bit % 8
        with pytest.raises(Incorrect):
            _receive(bytes(changed))


@given(st.binary(max_size=600))
def test_noise_is_refused(noise: bytes) -> None:
    with pytest.raises(Incorrect):
        _receive(noise)


@given(st.binary(min_size=CHUNK_BYTES - 4, max_size=CHUNK_BYTES - 4))
def test_well_formed_noise_is_refused(noise: bytes) -> None:
    with pytest.raises(Incorrect):
        _receive(b"EC\x01\x01" + noise)


@given(headers, headers)
def test_no_two_places_share_key_and_nonce(one: ChunkHeader, other: ChunkHeader) -> None:
    """The same body sealed elsewhere is other ciphertext: GCM dies of a repeated nonce."""
    frames = []
    for header in (one, other):
        cipher = SessionCipher(KEY, header.device_id, header.key_epoch, header.session_id)
        frames.append(cipher.seal(header, flat_body(0)))
    assert (frames[0][48:] == frames[1][48:]) == (one == other)


def test_last_number_is_not_sealed() -> None:
    cipher = SessionCipher(KEY, UUID(int=0), 1, bytes(16))
    with pytest.raises(Incorrect):
        cipher.seal(ChunkHeader(UUID(int=0), 1, bytes(16), MAX_SEQ + 1), flat_body(0))


@pytest.mark.parametrize("name", MAKERS)
def test_vectors_are_what_the_script_makes(name: str) -> None:
    assert json.loads((VECTORS / name).read_text()) == MAKERS[name]()


@pytest.mark.parametrize("case", CHUNKS["valid"], ids=lambda case: case["name"])
def test_valid_vectors(case: dict[str, str]) -> None:
    frame = bytes.fromhex(case["frame"])
    header, _ = parse_header(frame)
    assert header.device_id.hex == CHUNKS["device_id"]
    assert header.session_id.hex() == CHUNKS["session_id"]
    assert header.key_epoch == int(CHUNKS["key_epoch"], 16)
    assert header.seq == int(case["seq"], 16)
    body = _receive(frame)
    for name in ("t0_us", "sample_index", "rate_centihz", "flags", "n_valid", "nv_per_lsb"):
        assert getattr(body, name) == int(case[name], 16)
    assert body.samples.astype(">i2").tobytes().hex() == case["samples"]


@pytest.mark.parametrize("case", CHUNKS["valid"], ids=lambda case: case["name"])
def test_vectors_hold_without_our_code(case: dict[str, str]) -> None:
    """The format from its parts: HKDF by hand (RFC 5869), GCM, and the fields in a row."""
    frame = bytes.fromhex(case["frame"])
    info = b"ecg-iot v1 chunk" + bytes.fromhex(CHUNKS["device_id"] + CHUNKS["key_epoch"])
    prk = hmac.digest(bytes.fromhex(CHUNKS["session_id"]), KEY, "sha256")
    first = hmac.digest(prk, info + b"\x01", "sha256")
    okm = (first + hmac.digest(prk, first + info + b"\x02", "sha256"))[:44]
    nonce = int.from_bytes(okm[32:], "big") ^ int(case["seq"], 16)
    mode = modes.GCM(nonce.to_bytes(12, "big"), frame[-16:])
    opener = Cipher(algorithms.AES(okm[:32]), mode).decryptor()
    opener.authenticate_additional_data(frame[:48])
    clear = opener.update(frame[48:-16]) + opener.finalize()
    fields = ("t0_us", "sample_index", "rate_centihz", "flags", "n_valid", "nv_per_lsb", "samples")
    assert clear.hex() == "".join(case[name] for name in fields)
    identity = CHUNKS["device_id"] + CHUNKS["key_epoch"] + CHUNKS["session_id"]
    assert frame[:48].hex() == "45430101" + identity + case["seq"]


@pytest.mark.parametrize("case", CHUNKS["invalid"], ids=lambda case: case["name"])
def test_invalid_vectors(case: dict[str, str]) -> None:
    words = {"body": "n_valid|rate|nV|range", "sequence": "sequence number"}
    with pytest.raises(Incorrect, match=words.get(case["refused_by"], case["refused_by"])):
        _receive(bytes.fromhex(case["frame"]))


def test_keys_differ_by_device_epoch_and_session() -> None:
    device = Device()
    frame = device.chunk(0)
    header, sealed = parse_header(frame)
    for other in (
        SessionCipher(device.key, UUID(int=1), 1, device.session_id),
        SessionCipher(device.key, device.id, 2, device.session_id),
        SessionCipher(device.key, device.id, 1, bytes(16)),
        SessionCipher(bytes(32), device.id, 1, device.session_id),
    ):
        with pytest.raises(Incorrect, match="tag"):
            other.open(header, sealed)
