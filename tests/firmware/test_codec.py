"""What the device's C seals Python opens, and what Python acknowledges the C takes."""

import ctypes
from uuid import UUID

import numpy as np
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given, settings
from hypothesis import strategies as st

from core.ack import Acknowledgement, ack_key, seal_ack
from core.chunk import (
    INVALID_SAMPLE,
    MAX_SAMPLE_INDEX,
    MAX_SEQ,
    MAX_T0_US,
    SessionCipher,
    parse_header,
)
from core.enrolment import key_confirmation, open_device_key, public_point
from core.errors import Incorrect
from tests.firmware.library import SAMPLES, Ack, Body, Session, library, missing

pytestmark = pytest.mark.skipif(bool(missing()), reason=missing())
KEYS = st.binary(min_size=32, max_size=32)
IDS = st.binary(min_size=16, max_size=16)
EPOCHS = st.integers(0, 2**32 - 1)
SAMPLE = st.integers(-32767, 32767)
RUNS = st.lists(st.tuples(st.integers(1, 9), st.integers(0, 9)), max_size=32)


def derived(key: bytes, device: bytes, epoch: int, session_id: bytes) -> Session:
    """The C's session of these."""
    handle, session = ctypes.c_uint32(), Session()
    assert library().psa_crypto_init() == 0
    assert library().ecg_key_import(key, ctypes.byref(handle)) == 0
    session.header.device_id[:] = device
    session.header.session_id[:] = session_id
    session.header.key_epoch = epoch
    assert library().ecg_session_derive(ctypes.byref(session), handle) == 0
    library().psa_destroy_key(handle)
    return session


@settings(max_examples=50, deadline=None)
@given(
    KEYS, IDS, EPOCHS, IDS, st.integers(0, MAX_SEQ), st.integers(0, MAX_T0_US),
    st.integers(0, MAX_SAMPLE_INDEX), st.integers(10_000, 65_535), st.integers(0, 127),
    st.integers(1, 65_535), st.lists(SAMPLE, min_size=1, max_size=SAMPLES),
)  # fmt: skip
def test_python_opens_what_the_device_seals(
    key: bytes, device: bytes, epoch: int, session_id: bytes, seq: int, t0_us: int,
    sample_index: int, rate_centihz: int, flags: int, nv_per_lsb: int, samples: list[int],
) -> None:  # fmt: skip
    session, frame = derived(key, device, epoch, session_id), ctypes.create_string_buffer(462)
    session.header.seq = seq
    body = Body(t0_us, sample_index, rate_centihz, flags, len(samples), nv_per_lsb)
    body.samples[: len(samples)] = samples
    assert library().ecg_seal(ctypes.byref(session), ctypes.byref(body), frame) == 0
    library().ecg_session_end(ctypes.byref(session))
    header, sealed = parse_header(frame.raw)
    assert (header.device_id, header.seq) == (UUID(bytes=device), seq)
    opened = SessionCipher(key, UUID(bytes=device), epoch, session_id).open(header, sealed)
    assert (opened.t0_us, opened.sample_index) == (t0_us, sample_index)
    assert (opened.rate_centihz, opened.flags) == (rate_centihz, flags)
    assert (opened.n_valid, opened.nv_per_lsb) == (len(samples), nv_per_lsb)
    told = np.full(SAMPLES, INVALID_SAMPLE)
    told[: len(samples)] = samples
    assert (opened.samples == told).all()


@settings(max_examples=50, deadline=None)
@given(KEYS, IDS, EPOCHS, IDS, st.integers(0, 2**40), RUNS, KEYS)
def test_the_device_takes_what_python_acknowledges_and_nobody_elses(
    key: bytes, device: bytes, epoch: int, session_id: bytes, watermark: int,
    runs: list[tuple[int, int]], other: bytes,
) -> None:  # fmt: skip
    ranges, at = list[tuple[int, int]](), watermark
    for gap, length in runs:
        first = at + gap
        at = first + length
        ranges.append((first, at))
    told = Acknowledgement(UUID(bytes=device), epoch, session_id, watermark, tuple(ranges))
    session, ack = derived(key, device, epoch, session_id), Ack()
    frame = seal_ack(told, ack_key(key, UUID(bytes=device), epoch, session_id))
    opened = library().ecg_ack_open(ctypes.byref(session), frame, len(frame), ctypes.byref(ack))
    assert opened == 0
    assert ack.watermark == watermark
    assert [(r.first, r.last) for r in ack.ranges[: ack.count]] == ranges
    for seq in (0, watermark, watermark + 1, at, at + 1):
        assert bool(library().ecg_ack_covers(ctypes.byref(ack), ctypes.c_uint64(seq))) == (
            told.covers(seq)
        )
    if other != key:
        forged = seal_ack(told, ack_key(other, UUID(bytes=device), epoch, session_id))
        assert library().ecg_ack_open(ctypes.byref(session), forged, len(forged), ctypes.byref(ack))
    library().ecg_session_end(ctypes.byref(session))


@settings(max_examples=20, deadline=None)
@given(KEYS, IDS, EPOCHS)
def test_python_opens_the_key_that_the_device_enrols(key: bytes, device: bytes, epoch: int) -> None:
    service, sealed = ec.generate_private_key(ec.SECP256R1()), ctypes.create_string_buffer(113)
    assert library().psa_crypto_init() == 0
    told = ctypes.c_uint32(epoch)
    point = public_point(service)
    assert library().ecg_enrol_seal(point, device, told, key, sealed) == 0
    assert open_device_key(sealed.raw, UUID(bytes=device), epoch, service) == key
    with pytest.raises(Incorrect):
        open_device_key(sealed.raw, UUID(bytes=device), epoch ^ 1, service)
    handle = ctypes.c_uint32()
    assert library().ecg_key_import(key, ctypes.byref(handle)) == 0
    proof = key_confirmation(key, UUID(bytes=device), epoch)
    assert library().ecg_enrol_confirm(handle, device, told, proof) == 0
    wrong = proof[:-1] + bytes([proof[-1] ^ 1])
    assert library().ecg_enrol_confirm(handle, device, told, wrong) != 0
    library().psa_destroy_key(handle)


def test_no_key_is_sealed_to_what_is_no_point() -> None:
    assert library().psa_crypto_init() == 0
    sealed = ctypes.create_string_buffer(113)
    nowhere = b"\4" + bytes(64)
    epoch = ctypes.c_uint32(1)
    assert library().ecg_enrol_seal(nowhere, bytes(16), epoch, bytes(32), sealed) != 0
