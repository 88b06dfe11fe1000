"""A device: measures, frames, seals into its outbox, and lets the uplink send."""

import asyncio
import math
import secrets
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from core.chunk import SAMPLES_PER_CHUNK, ChunkBody, ChunkHeader, SessionCipher
from core.errors import Incorrect
from simulator.framer import Framer
from simulator.identity import KEY_BYTES, Identity, boot, load_identity, save_identity
from simulator.outbox import Outbox
from simulator.uplink import Uplink

Samples = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast signal time runs: ``speed`` times real time (inf: as fast as it is taken).

    The first ``backlog_s`` seconds of signal come at once, as after an outage of the network.
    ``duration_s`` is the signal's length where it is known: its last sample is then dated now.
    """

    speed: float = 1.0
    backlog_s: float = 0.0
    duration_s: float | None = None

    def age_s(self) -> float:
        """How long ago the first sample was measured, by the device's clock."""
        if self.duration_s is None:
            return self.backlog_s
        waited_s = max(0.0, self.duration_s - self.backlog_s) / self.speed
        return self.duration_s - waited_s

    def due_s(self, signal_s: float) -> float:
        """When ``signal_s`` seconds of signal have been measured, in seconds from the start."""
        return max(0.0, signal_s - self.backlog_s) / self.speed


class Device:
    """One device with its memory in ``folder`` (identity file and outbox)."""

    def __init__(self, folder: Path, rate_hz: float, *, clock_set: bool = True) -> None:
        self._path = folder / "identity.json"
        self.identity: Identity = load_identity(self._path)
        self.outbox = Outbox(folder / "outbox.sqlite")
        self.rate_hz = rate_hz
        self._clock_set = clock_set
        self.sealed = 0
        self.lost_samples = 0
        self.signal_s = 0.0
        self.session_id = b""
        self._framer: Framer | None = None

    def power_on(self, age_s: float) -> None:
        """Begin a session whose first sample was measured ``age_s`` seconds ago."""
        self._begin(round((time.time() - age_s) * 1e6) if self._clock_set else 0)

    def _begin(self, started_us: int) -> Framer:
        self.identity, self.session_id = boot(self._path, self.identity)
        identity = self.identity
        self._framer = Framer(self.rate_hz, started_us)
        self._cipher = SessionCipher(
            identity.device_key, identity.device_id, identity.key_epoch, self.session_id
        )
        self._next_seq = 0
        return self._framer

    def measure(self, samples_mv: Samples) -> None:
        """Take samples in; what completes a chunk is sealed and kept."""
        for body in self._running().push(samples_mv):
            self._keep(body)

    def power_off(self) -> None:
        """End the recording properly: the rest goes out as a partial chunk."""
        for body in self._running().flush():
            self._keep(body)
        self._framer = None

    def drop(self, count: int) -> None:
        """Count samples for which the outbox had no room."""
        self.lost_samples += self._running().skip(count)

    def make_key(self) -> None:
        """Keep a new key before anybody hears of it; there are never more than two and this one."""
        self.forget_key()
        if not self.identity.pending_key and not self.identity.earlier_key:
            self._remember(replace(self.identity, pending_key=secrets.token_bytes(KEY_BYTES)))

    def use_key(self) -> None:
        """Go on under the pending key, in a new session; the open chunk is the last before.

        Not while lost samples wait to be told: the next chunk of their session does that.
        """
        framer = self._framer
        if framer is None:
            self._remember(self.identity.renewed())
            return
        for body in framer.flush():
            self._keep(body)
        if not framer.owes_gap:
            self.identity = self.identity.renewed()  # durable with the new session's boot
            self._begin(framer.next_sample_us)

    def forget_key(self) -> None:
        """Drop the key before the newest once no chunk needs it."""
        identity = self.identity
        if identity.earlier_key and not self.outbox.owes_before(identity.key_epoch):
            self._remember(replace(identity, earlier_key=b""))

    def _remember(self, identity: Identity) -> None:
        save_identity(self._path, identity)
        self.identity = identity

    def _running(self) -> Framer:
        if self._framer is None:
            raise Incorrect("the device's power is off")
        return self._framer

    def _keep(self, body: ChunkBody) -> None:
        identity = self.identity
        header = ChunkHeader(
            identity.device_id, identity.key_epoch, self.session_id, self._next_seq
        )
        self.outbox.put(self.session_id, header.seq, self._cipher.seal(header, body))
        self._next_seq += 1
        self.sealed += 1
        self.signal_s += body.n_valid / self.rate_hz


async def measure_all(
    device: Device, uplink: Uplink, blocks: Iterator[Samples], pace: Pace, reboot_every_s: float
) -> None:
    """Feed a signal to the device at its pace, cutting the power every ``reboot_every_s``."""
    started, signal_s, booted_s = time.monotonic(), 0.0, 0.0
    device.power_on(pace.age_s())
    for block in _chunks(blocks):
        signal_s += len(block) / device.rate_hz
        await _wait(device, uplink, started + pace.due_s(signal_s), pace)
        if device.outbox.full:
            device.drop(len(block))
        else:
            device.measure(block)
            uplink.nudge()
        if signal_s - booted_s >= reboot_every_s:
            booted_s = signal_s
            device.power_on(pace.age_s() - signal_s + pace.due_s(signal_s))
    device.power_off()
    uplink.nudge()


async def _wait(device: Device, uplink: Uplink, due_at: float, pace: Pace) -> None:
    await asyncio.sleep(max(0.0, due_at - time.monotonic()))
    while math.isinf(pace.speed) and device.outbox.full:
        uplink.moved.clear()
        await uplink.moved.wait()


def _chunks(blocks: Iterator[Samples]) -> Iterator[Samples]:
    """The same samples in blocks of at most one chunk."""
    for block in blocks:
        for first in range(0, len(block), SAMPLES_PER_CHUNK):
            yield block[first : first + SAMPLES_PER_CHUNK]
