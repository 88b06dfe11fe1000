"""The acknowledgement codec: round trip, every single-bit change, shared vectors."""

import hmac
import json
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.ack import MAX_RANGES, Acknowledgement, ack_key, parse_ack, seal_ack, verify_ack
from core.errors import Incorrect

ACKS: dict[str, Any] = json.loads((Path(__file__).parents[1] / "vectors/ack.json").read_text())
DEVICE_ID, EPOCH = UUID(hex=ACKS["device_id"]), int(ACKS["key_epoch"], 16)
SESSION_ID = bytes.fromhex(ACKS["session_id"])
DEVICE_KEY = bytes.fromhex(ACKS["device_key"])
KEY = ack_key(DEVICE_KEY, DEVICE_ID, EPOCH, SESSION_ID)

u64 = st.integers(0, 2**64 - 1)
acks = st.builds(
    Acknowledgement,
    st.uuids(),
    st.integers(0, 2**32 - 1),
    st.binary(min_size=16, max_size=16),
    u64,
    st.lists(st.tuples(u64, u64), max_size=MAX_RANGES).map(tuple),
)


@given(acks, st.binary(min_size=32, max_size=32))
def test_round_trip(ack: Acknowledgement, key: bytes) -> None:
    frame = seal_ack(ack, key)
    assert len(frame) == 50 + 16 * len(ack.ranges) + 32
    assert parse_ack(frame) == verify_ack(frame, key) == ack


def test_every_single_bit_change_is_refused() -> None:
    ack = Acknowledgement(DEVICE_ID, EPOCH, SESSION_ID, 5, ((7, 9), (12, 12)))
    frame = seal_ack(ack, KEY)
    assert verify_ack(frame, KEY) == ack
    for bit in range(8 * len(frame)):
        changed = bytearray(frame)
        changed[bit // 8] ^= 1 << bit % 8
        with pytest.raises(Incorrect):
            verify_ack(bytes(changed), KEY)


@given(st.binary(max_size=300))
def test_noise_is_refused(noise: bytes) -> None:
    with pytest.raises(Incorrect):
        verify_ack(noise, KEY)


@pytest.mark.parametrize("case", ACKS["valid"], ids=lambda case: case["watermark"])
def test_valid_vectors(case: dict[str, Any]) -> None:
    ack = verify_ack(bytes.fromhex(case["frame"]), KEY)
    assert (ack.device_id, ack.key_epoch, ack.session_id) == (DEVICE_ID, EPOCH, SESSION_ID)
    assert ack.watermark == int(case["watermark"], 16)
    assert ack.ranges == tuple((int(a, 16), int(b, 16)) for a, b in case["ranges"])


@pytest.mark.parametrize("case", ACKS["invalid"], ids=lambda case: case["name"])
def test_invalid_vectors(case: dict[str, str]) -> None:
    words = {"length": "length|short", "magic": "EA", "version": "EA", "suite": "EA", "mac": "MAC"}
    with pytest.raises(Incorrect, match=words[case["refused_by"]]):
        verify_ack(bytes.fromhex(case["frame"]), KEY)


def test_key_by_hand() -> None:
    """HKDF-SHA-256 from its parts (RFC 5869): one block of output."""
    info = b"ecg-iot v1 ack" + DEVICE_ID.bytes + EPOCH.to_bytes(4, "big")
    prk = hmac.digest(SESSION_ID, DEVICE_KEY, "sha256")
    assert hmac.digest(prk, info + b"\x01", "sha256") == KEY


def test_covers() -> None:
    ack = Acknowledgement(DEVICE_ID, EPOCH, SESSION_ID, 5, ((7, 9), (12, 12)))
    assert [seq for seq in range(15) if ack.covers(seq)] == [0, 1, 2, 3, 4, 7, 8, 9, 12]
