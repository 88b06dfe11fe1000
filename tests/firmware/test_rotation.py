"""The device's key requests as the service reads them, and the service's commands as it does."""

import ctypes
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given, settings
from hypothesis import strategies as st

from core.enrolment import open_device_key, public_point
from core.errors import Incorrect
from core.rotation import (
    COMMAND_BYTES,
    REQUEST_BYTES,
    command_taken,
    command_to_rotate,
    open_command,
    parse_request,
)
from tests.firmware.library import library, missing

pytestmark = pytest.mark.skipif(bool(missing()), reason=missing())
KEYS = st.binary(min_size=32, max_size=32)
IDS = st.binary(min_size=16, max_size=16)
SERVICE = ec.generate_private_key(ec.SECP256R1())


@contextmanager
def imported(*keys: bytes) -> Iterator[list[ctypes.c_uint32]]:
    """Handles of the keys in the C's store."""
    handles = [ctypes.c_uint32() for _ in keys]
    assert library().psa_crypto_init() == 0
    for key, handle in zip(keys, handles, strict=True):
        assert library().ecg_key_import(key, ctypes.byref(handle)) == 0
    yield handles
    for handle in handles:
        library().psa_destroy_key(handle)


@settings(max_examples=20, deadline=None)
@given(KEYS, KEYS, IDS, st.integers(2, 2**32 - 1))
def test_the_service_takes_what_the_device_asks(
    old: bytes, new: bytes, device: bytes, epoch: int
) -> None:
    out = ctypes.create_string_buffer(REQUEST_BYTES)
    point = public_point(SERVICE)
    with imported(old) as [handle]:
        told = ctypes.c_uint32(epoch)
        assert library().ecg_rotate_request(point, device, told, handle, new, out) == 0
    request = parse_request(out.raw)
    assert (request.device_id.bytes, request.key_epoch) == (device, epoch)
    request.check(old)
    assert open_device_key(request.sealed_key, request.device_id, epoch, SERVICE) == new


@settings(max_examples=60, deadline=None)
@given(KEYS, KEYS, IDS, st.integers(1, 2**32 - 2), st.booleans(), st.data())
def test_both_open_the_same_commands(
    old: bytes, new: bytes, device: bytes, epoch: int, is_taken: bool, data: st.DataObject
) -> None:
    name = UUID(bytes=device)
    made = command_taken(new, name, epoch + 1) if is_taken else command_to_rotate(old, name, epoch)
    payload = bytearray(made)
    for bit in data.draw(st.lists(st.integers(0, 8 * COMMAND_BYTES - 1), max_size=2)):
        payload[bit // 8] ^= 1 << bit % 8
    try:
        expected = int(open_command(bytes(payload), name, old, epoch, new))
    except Incorrect:
        expected = 0
    kind = ctypes.c_int(0)
    with imported(old, new) as [newest, pending]:
        library().ecg_command_open(
            bytes(payload), ctypes.c_size_t(len(payload)), device, ctypes.c_uint32(epoch),
            newest, pending, ctypes.byref(kind),
        )  # fmt: skip
    assert kind.value == expected
