"""Key requests and commands: what was made is read, and nothing else is."""

import json
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st

from core.enrolment import MAX_EPOCH, open_device_key, public_point
from core.errors import Incorrect
from core.rotation import (
    COMMAND_BYTES,
    REQUEST_BYTES,
    CommandKind,
    build_request,
    command_taken,
    command_to_rotate,
    open_command,
    parse_request,
)

SERVICE = ec.generate_private_key(ec.SECP256R1())
DEVICE = UUID("8ade2496-a50f-483a-9ade-4dfb45893bdf")
OLD, NEW = bytes(range(32)), bytes(range(32, 64))
VECTORS: dict[str, Any] = json.loads(
    (Path(__file__).parents[1] / "vectors" / "rotation.json").read_text()
)
epochs = st.integers(1, MAX_EPOCH - 1)


@given(epochs)
def test_a_request_brings_the_new_key(epoch: int) -> None:
    payload = build_request(NEW, OLD, DEVICE, epoch, public_point(SERVICE))
    request = parse_request(payload)
    assert len(payload) == REQUEST_BYTES
    assert (request.device_id, request.key_epoch) == (DEVICE, epoch)
    request.check(OLD)
    assert open_device_key(request.sealed_key, DEVICE, epoch, SERVICE) == NEW
    with pytest.raises(Incorrect, match="key before"):
        request.check(NEW)


@given(st.integers(0, 8 * REQUEST_BYTES - 1))
def test_no_bit_of_a_request_can_be_changed(bit: int) -> None:
    payload = bytearray(build_request(NEW, OLD, DEVICE, 2, public_point(SERVICE)))
    payload[bit // 8] ^= 1 << bit % 8
    with pytest.raises(Incorrect):
        parse_request(bytes(payload)).check(OLD)


@given(st.binary(max_size=200))
def test_other_bytes_are_no_request(payload: bytes) -> None:
    with pytest.raises(Incorrect):
        parse_request(payload)


@given(epochs)
def test_commands(epoch: int) -> None:
    rotate = command_to_rotate(OLD, DEVICE, epoch)
    taken = command_taken(NEW, DEVICE, epoch + 1)
    assert len(rotate) == len(taken) == COMMAND_BYTES
    assert open_command(rotate, DEVICE, OLD, epoch, None) is CommandKind.ROTATE
    assert open_command(taken, DEVICE, OLD, epoch, NEW) is CommandKind.TAKEN
    for wrong in (
        (taken, DEVICE, OLD, epoch, None),
        (taken, DEVICE, OLD, epoch, OLD),
        (rotate, DEVICE, NEW, epoch, None),
        (rotate, DEVICE, OLD, epoch + 1, None),
        (rotate, UUID(int=1), OLD, epoch, None),
    ):
        with pytest.raises(Incorrect):
            open_command(*wrong)


@given(st.sampled_from([1, 2]), st.integers(0, 8 * COMMAND_BYTES - 1))
def test_no_bit_of_a_command_can_be_changed(kind: int, bit: int) -> None:
    made = command_to_rotate(OLD, DEVICE, 1) if kind == 1 else command_taken(NEW, DEVICE, 2)
    payload = bytearray(made)
    payload[bit // 8] ^= 1 << bit % 8
    with pytest.raises(Incorrect):
        open_command(bytes(payload), DEVICE, OLD, 1, NEW)


@pytest.mark.parametrize("case", VECTORS["invalid"], ids=lambda case: case["name"])
def test_wrong_vectors(case: dict[str, str]) -> None:
    keys = [bytes.fromhex(VECTORS[name]) for name in ("device_key", "next_key")]
    device, epoch = UUID(VECTORS["device_id"]), int(VECTORS["key_epoch"], 16)
    with pytest.raises(Incorrect):
        open_command(bytes.fromhex(case["frame"]), device, keys[0], epoch, keys[1])


def test_there_is_a_last_epoch() -> None:
    with pytest.raises(Incorrect, match="later"):
        command_to_rotate(OLD, DEVICE, MAX_EPOCH)
