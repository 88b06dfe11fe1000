"""The device's own firmware, from its first day on: every sample once, in order, or a gap told.

The program is the ESP32's core on this machine; killing it is its power loss, and the time that it
is away from the network is simulated: its clock is moved on while its heart goes on beating.
"""

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from core.chunk import SAMPLES_PER_CHUNK, ChunkFlag
from core.errors import Unavailable
from simulator.firmware import BITS, MV_PER_CODE, Firmware
from simulator.record import read_record
from simulator.rhythm import Rhythm
from tests.firmware.library import missing_host
from tests.journey.firmware_road import FirmwareRoad, Stored, firmware_road
from tests.journey.records import mitdb_record, synthetic_record

pytestmark = pytest.mark.skipif(bool(missing_host()), reason=missing_host())

RATE_HZ = 360.0
FLASH_BYTES = 1 << 20  # 2,048 chunks: less than 18 minutes
POWER_LOSSES = 10
HOUR_S = 3600
BLOCK_S = 10
WAIT_S = 60.0
AGO_S = 6000


@dataclass
class Patient:
    """A recorded heart, again and again; what the device was shown since its power came on."""

    line_mv: npt.NDArray[np.float64]
    at: int = 0
    shown: list[npt.NDArray[np.int16]] = field(default_factory=list)

    def beat(self, seconds: float) -> npt.NDArray[np.float64]:
        count = round(seconds * RATE_HZ)
        block = np.take(self.line_mv, range(self.at, self.at + count), mode="wrap")
        self.at += count
        self.shown.append(np.rint(block / MV_PER_CODE).astype(np.int16))
        return block

    def power_loss(self) -> npt.NDArray[np.int16]:
        """All that was shown, and a new beginning."""
        shown, self.shown = np.concatenate(self.shown), []
        return shown


async def wear(device: Firmware, patient: Patient, seconds: float) -> None:
    """Some signal in a moment; the device's clock goes with it."""
    for _ in range(round(seconds / BLOCK_S)):
        await device.measure(patient.beat(BLOCK_S))
        await device.let_pass(BLOCK_S)
        await asyncio.sleep(0.01)


async def until(device: Firmware, patient: Patient, member: str, value: object) -> None:
    """Wear it on until it tells what is waited for."""
    async with asyncio.timeout(WAIT_S):
        while device.status is None or device.status[member] != value:
            await wear(device, patient, BLOCK_S)
            await asyncio.sleep(0.2)


def assert_beginning(session: list[Stored], shown: npt.NDArray[np.int16], sealed: int) -> None:
    """What the device had sealed is there, once, in order, and it is what it was shown."""
    assert [chunk.seq for chunk in session] == list(range(len(session)))
    assert len(session) >= sealed
    line = np.concatenate([chunk.body.samples for chunk in session])
    assert np.array_equal(line, shown[: len(line)])
    assert all(chunk.body.n_valid == SAMPLES_PER_CHUNK for chunk in session)


def assert_whole(sessions: list[list[Stored]], shown: npt.NDArray[np.int16], lost: int) -> None:
    """The last power-on, in a session per key: all that was shown, but for the gaps told."""
    began, gaps, n_valid = 0, 0, 0
    for session in sessions:
        assert [chunk.seq for chunk in session] == list(range(len(session)))
        for before, chunk in pairwise([None, *session]):
            assert chunk is not None
            after = before.body.sample_index + before.body.n_valid if before else 0
            gaps += chunk.body.sample_index - after
            is_gap = chunk.body.sample_index > after
            assert (ChunkFlag.GAP_BEFORE in ChunkFlag(chunk.body.flags)) == is_gap
            at, valid = began + chunk.body.sample_index, chunk.body.n_valid
            assert np.array_equal(chunk.body.samples[:valid], shown[at : at + valid])
            n_valid += valid
        began += session[-1].body.sample_index + session[-1].body.n_valid
    assert gaps == lost
    assert began == n_valid + gaps == len(shown)


async def test_ten_power_losses_an_hour_without_network_and_a_new_key(
    reachable_folder: Path, tmp_path: Path, system_postgres_url: str
) -> None:
    record = mitdb_record("100") or synthetic_record(tmp_path, Rhythm.SINUS, 120)
    patient = Patient(read_record(record, RATE_HZ).samples_mv)
    assert np.abs(patient.line_mv).max() < MV_PER_CODE * 2 ** (BITS - 1)
    async with firmware_road(reachable_folder / "firmware", system_postgres_url) as road:
        device = await road.device(tmp_path / "device", RATE_HZ, FLASH_BYTES)
        losses = [await lose_power(device, patient, i) for i in range(POWER_LOSSES)]
        lost = await live_on(road, device, patient)
        sessions = await road.stored(device.device_id)
    assert len(sessions) == POWER_LOSSES + 2
    for session, (shown, sealed) in zip(sessions, losses, strict=False):
        assert_beginning(session, shown, sealed)
    assert [chunk[0].key_epoch for chunk in sessions] == [1] * (POWER_LOSSES + 1) + [2]
    assert lost > 0
    assert_whole(sessions[POWER_LOSSES:], patient.power_loss(), lost)


async def lose_power(
    device: Firmware, patient: Patient, turn: int
) -> tuple[npt.NDArray[np.int16], int]:
    """One power-on and its end in the middle of everything; what it had told was sealed."""
    device.ago_s = AGO_S - round(patient.at / RATE_HZ)
    await device.power_on()
    wearing = asyncio.create_task(wear(device, patient, 120))
    async with asyncio.timeout(WAIT_S):
        await device.until(lambda told: told["sealed"] > 20 * turn)
    await device.power_off()
    with suppress(Unavailable):
        await wearing
    return patient.power_loss(), device.status["sealed"] if device.status else 0


async def live_on(road: FirmwareRoad, device: Firmware, patient: Patient) -> int:
    """An hour away, back, a new key; the samples for which the outbox had no room."""
    device.ago_s = AGO_S - round(patient.at / RATE_HZ)
    await device.power_on()
    await until(device, patient, "owed", 0)
    await device.network(is_there=False)
    await wear(device, patient, HOUR_S)
    await device.network(is_there=True)
    await until(device, patient, "online", True)
    await road.operate("device", "rotate", str(device.device_id))
    await until(device, patient, "epoch", 2)
    await wear(device, patient, 30)
    assert await device.finish() == 0
    assert device.status is not None
    assert device.status["owed"] == device.status["forged"] == device.status["unreadable"] == 0
    lost: int = device.status["dropped_samples"]
    return lost
