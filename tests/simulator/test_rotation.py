"""The simulated device changes its key, and keeps every sample and every key that it needs."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from core.ack import Acknowledgement
from core.chunk import ChunkBody, ChunkFlag, SessionCipher, parse_header
from core.enrolment import open_device_key, public_point
from core.errors import Incorrect
from core.rotation import command_taken, command_to_rotate, parse_request
from simulator.device import Device
from simulator.identity import Identity, load_identity, save_identity
from simulator.rotation import ASK_MAX_S, KeyChange

SERVICE = ec.generate_private_key(ec.SECP256R1())


@pytest.fixture
def device(tmp_path: Path) -> Device:
    device = Device(tmp_path, 125.0)
    path = tmp_path / "identity.json"
    known = device.identity
    fields = (known.device_id, known.device_key, known.key_epoch, known.boot_counter, "password")
    save_identity(path, Identity(*fields, public_point(SERVICE)))
    device.outbox.close()
    return Device(tmp_path, 125.0)


def to_rotate(device: Device) -> bytes:
    known = device.identity
    return command_to_rotate(known.device_key, known.device_id, known.key_epoch)


def taken(device: Device) -> bytes:
    known = device.identity
    return command_taken(known.pending_key, known.device_id, known.key_epoch + 1)


def kept(device: Device) -> list[tuple[int, bytes, ChunkBody]]:
    """The outbox, opened: epoch, session, body."""
    found = []
    for _, frame in device.outbox.oldest(100):
        header, sealed = parse_header(frame)
        key = device.identity.key_of(header.key_epoch)
        cipher = SessionCipher(key, header.device_id, header.key_epoch, header.session_id)
        found.append((header.key_epoch, header.session_id, cipher.open(header, sealed)))
    return found


def test_a_key_is_kept_before_it_is_asked_for(device: Device, tmp_path: Path) -> None:
    change = KeyChange(device)
    assert change.request(0.0) is None
    change.hear(to_rotate(device))
    now, waits = 0.0, []
    for _ in range(6):
        payload = change.request(now)
        assert payload is not None
        request = parse_request(payload)
        request.check(device.identity.device_key)
        name = request.device_id, request.key_epoch
        new = open_device_key(request.sealed_key, *name, SERVICE)
        assert load_identity(tmp_path / "identity.json").pending_key == new
        assert change.request(now) is None
        waits.append(change.due_at - now)
        now = change.due_at
    assert waits == [2.0, 4.0, 8.0, 16.0, ASK_MAX_S, ASK_MAX_S]
    change.hear(to_rotate(device))  # it is asked for already
    assert device.identity.pending_key == new


def test_a_new_session_begins_under_the_new_key_and_no_sample_is_lost(device: Device) -> None:
    change = KeyChange(device)
    device.power_on(100.0)
    line = np.arange(1000) / 1000
    device.measure(line[:400])
    change.hear(to_rotate(device))
    device.measure(line[400:500])
    before = device.identity
    change.hear(taken(device))
    assert device.identity.key_epoch == before.key_epoch + 1 == 2
    assert device.identity.device_key == before.pending_key
    device.measure(line[500:])
    device.power_off()
    chunks = kept(device)
    assert [epoch for epoch, _, _ in chunks] == [1] * 3 + [2] * 3
    assert len({session for _, session, _ in chunks}) == 2
    samples = np.concatenate([body.samples[: body.n_valid] for _, _, body in chunks])
    assert np.array_equal(samples, np.rint(line * 1000).astype(np.int16))
    first, second = chunks[0][2], chunks[3][2]
    assert second.sample_index == 0
    assert second.t0_us - first.t0_us == 4_000_000  # 500 samples


def test_the_key_before_stays_as_long_as_it_is_needed(device: Device, tmp_path: Path) -> None:
    change = KeyChange(device)
    device.power_on(0.0)
    session = device.session_id
    device.measure(np.zeros(187))
    old = device.identity.device_key
    change.hear(to_rotate(device))
    change.hear(taken(device))
    change.hear(to_rotate(device))
    assert device.identity.pending_key == b"", "never more than two keys and a pending one"
    device.forget_key()
    assert load_identity(tmp_path / "identity.json").key_of(1) == old
    device.outbox.settle(Acknowledgement(device.identity.device_id, 1, session, 1))
    device.forget_key()
    assert load_identity(tmp_path / "identity.json") == device.identity
    with pytest.raises(Incorrect, match="epoch 1"):
        device.identity.key_of(1)
    change.hear(to_rotate(device))
    assert device.identity.pending_key


def test_a_gap_is_told_before_the_key_is_changed(device: Device) -> None:
    change = KeyChange(device)
    device.power_on(0.0)
    device.drop(50)
    change.hear(to_rotate(device))
    change.hear(taken(device))
    assert device.identity.key_epoch == 1
    device.measure(np.zeros(187))
    change.hear(taken(device))  # said again, as it is asked for again
    assert device.identity.key_epoch == 2
    [(_, _, body)] = kept(device)
    assert ChunkFlag.GAP_BEFORE in body.flags
    assert body.sample_index == 50


@pytest.mark.parametrize("case", ["another's", "not asked for", "bytes"])
def test_other_commands_change_nothing(case: str, device: Device) -> None:
    known = device.identity
    payload = {
        "another's": command_to_rotate(bytes(32), known.device_id, known.key_epoch),
        "not asked for": command_taken(bytes(32), known.device_id, known.key_epoch + 1),
        "bytes": b"EK",
    }[case]
    KeyChange(device).hear(payload)
    assert device.identity == known


def test_a_key_is_changed_while_nothing_is_measured(device: Device) -> None:
    change = KeyChange(device)
    change.hear(to_rotate(device))
    change.hear(taken(device))
    assert device.identity.key_epoch == 2
    assert len(device.outbox) == 0


def test_a_memory_from_before_there_were_new_keys_is_read(device: Device, tmp_path: Path) -> None:
    path = tmp_path / "identity.json"
    fields = json.loads(path.read_text())
    for name in ("service_point", "pending_key", "earlier_key"):
        del fields[name]
    path.write_text(json.dumps(fields))
    assert load_identity(path) == replace(device.identity, service_point=b"")
