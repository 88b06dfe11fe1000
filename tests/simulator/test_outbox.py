from pathlib import Path
from uuid import UUID

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from core.ack import Acknowledgement
from core.chunk import parse_header
from simulator.device import Device, Pace
from simulator.faults import FaultRates, FaultyWire
from simulator.identity import boot, load_identity
from simulator.outbox import Outbox

DEVICE = UUID(int=7)
SESSION = bytes(16)


def ack(watermark: int, *ranges: tuple[int, int], session: bytes = SESSION) -> Acknowledgement:
    return Acknowledgement(DEVICE, 1, session, watermark, ranges)


@given(
    kept=st.sets(st.integers(0, 40)),
    watermark=st.integers(0, 45),
    ranges=st.lists(st.tuples(st.integers(0, 45), st.integers(0, 45)), max_size=3),
)
def test_exactly_the_acknowledged_chunks_are_forgotten(
    kept: set[int], watermark: int, ranges: list[tuple[int, int]]
) -> None:
    outbox = Outbox()
    for seq in sorted(kept):
        outbox.put(SESSION, seq, b"frame")
    told = ack(watermark, *ranges)
    outbox.settle(ack(50, session=b"another session!"))
    gone = outbox.settle(told)
    left = {slot[1] for slot, _ in outbox.oldest(100)}
    assert left == {seq for seq in kept if not told.covers(seq)}
    assert gone == len(kept) - len(left)
    assert len(outbox) == len(left)
    outbox.close()


def test_the_outbox_survives_a_power_cut_with_the_same_bytes(tmp_path: Path) -> None:
    first = Outbox(tmp_path / "outbox.sqlite")
    first.put(SESSION, 3, b"sealed")
    first.close()
    again = Outbox(tmp_path / "outbox.sqlite")
    assert again.oldest(5) == [((SESSION, 3), b"sealed")]
    assert again.oldest(5, skip=[(SESSION, 3)]) == []
    again.close()


def test_a_full_outbox_says_so() -> None:
    outbox = Outbox(capacity=2)
    outbox.put(SESSION, 0, b"a")
    assert not outbox.full
    outbox.put(SESSION, 1, b"b")
    assert outbox.full
    outbox.close()


def test_every_boot_has_a_new_session_and_the_identity_is_private(tmp_path: Path) -> None:
    path = tmp_path / "device" / "identity.json"
    identity = load_identity(path)
    assert path.stat().st_mode & 0o777 == 0o600
    sessions = []
    for _ in range(3):
        identity, session_id = boot(path, identity)
        sessions.append(session_id)
        assert load_identity(path) == identity
    assert [session[:4] for session in sessions] == [n.to_bytes(4, "big") for n in (1, 2, 3)]
    assert len({session[4:] for session in sessions}) == 3


def test_a_device_seals_its_samples_into_the_outbox(tmp_path: Path) -> None:
    device = Device(tmp_path, 125.0)
    device.power_on(0.0)
    device.measure(np.zeros(400))
    device.power_off()
    headers = [parse_header(frame)[0] for _, frame in device.outbox.oldest(10)]
    assert [header.seq for header in headers] == [0, 1, 2]
    assert {header.device_id for header in headers} == {device.identity.device_id}
    device.outbox.close()


def test_pace_dates_the_last_sample_now() -> None:
    assert Pace(speed=float("inf"), duration_s=60.0).age_s() == 60.0
    assert Pace(speed=1.0, duration_s=60.0).age_s() == 0.0
    assert Pace(speed=10.0, duration_s=60.0).age_s() == 54.0
    assert Pace(backlog_s=30.0).age_s() == 30.0
    assert Pace(backlog_s=30.0).due_s(31.0) == 1.0


def test_faults_are_what_was_asked_for() -> None:
    frames = [bytes([n % 256]) * 64 for n in range(1000)]
    quiet = FaultyWire(FaultRates())
    assert [list(quiet.send(frame)) for frame in frames] == [[frame] for frame in frames]
    wire = FaultyWire(FaultRates(duplicate=0.1, reorder=0.1, drop=0.1, corrupt=0.1), seed=5)
    sent = [out for frame in frames for out in wire.send(frame)]
    damaged = [frame for frame in sent if frame not in frames]
    assert 50 < len(damaged) < 150
    assert all(frame[:48] == frame[0:1] * 48 for frame in damaged)
    again = FaultyWire(FaultRates(duplicate=0.1, reorder=0.1, drop=0.1, corrupt=0.1), seed=5)
    assert sent == [out for frame in frames for out in again.send(frame)]
