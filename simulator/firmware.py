"""The device's own firmware, built for this machine, as the simulated device (firmware/host/).

Everything that a device does is done by the C: here is only the patient, whose heart is sampled
into records on its standard input, and the hand on its plug and on the network's.
"""

import asyncio
import contextlib
import json
import shutil
import struct
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import numpy as np
import numpy.typing as npt

from core.errors import Unavailable

Samples = npt.NDArray[np.float64]
FIRMWARE = Path(__file__).parents[1] / "firmware"
PROGRAM = FIRMWARE / "build" / "ecg-device"

REFERENCE_UV, BITS, GAIN = 3_300_000, 15, 100
MV_PER_CODE = REFERENCE_UV / 1000 / GAIN / 2**BITS
"""+-16.5 mV about mid-scale: wide enough for any recording, finer than 1.01 uV."""
_RECORD = np.dtype([("kind", "S1"), ("leads", "u1"), ("value", "<u2"), ("number", "<u4")])
_LEADS_OFF = 3


def build() -> Path:
    """The program, made if need be. Raises Unavailable where the tools for it are missing."""
    make = shutil.which("make") or "make"
    made = subprocess.run([make, "-C", FIRMWARE, "host"], capture_output=True, check=False)
    if made.returncode:
        raise Unavailable(
            "the firmware cannot be built here (it needs gcc, libmbedtls-dev, libmosquitto-dev,"
            f" libcurl4-openssl-dev and libssl-dev): {made.stderr.decode()[-500:]}"
        )
    return PROGRAM


def configuration(
    service_url: str, claim_token: str, public_key: str, rate_hz: float, device_id: UUID
) -> dict[str, Any]:
    """What a technician writes into the device (firmware/docs/configuration.md)."""
    return {
        "device_id": str(device_id),
        "service_url": service_url,
        "claim_token": claim_token,
        "service_public_key": public_key,
        "rate_centihz": round(rate_hz * 100),
        "decimation": 1,
        "frontend": {
            "reference_uv": REFERENCE_UV,
            "bits": BITS,
            "gain": GAIN,
            "margin": 1,
            "settle_ms": 0,
        },
        "test_signal": False,
    }


def conversions(samples_mv: Samples) -> bytes:
    """Records of what the converter sees; NaN is a lead that is off."""
    mid, off = 2 ** (BITS - 1), np.isnan(samples_mv)
    codes = np.rint(np.nan_to_num(samples_mv) / MV_PER_CODE) + mid
    records = np.zeros(len(samples_mv), dtype=_RECORD)
    records["kind"] = b"S"
    records["leads"] = np.where(off, _LEADS_OFF, 0)
    records["value"] = np.clip(codes, 0, 2**BITS - 1)
    return records.tobytes()


def _event(kind: bytes, value: int = 0, number: int = 0) -> bytes:
    return struct.pack("<cBHI", kind, 0, value, number)


@dataclass(slots=True)
class Firmware:
    """One device, its memory in ``folder``. ``flash_bytes`` of outbox, 512 per chunk.

    ``status`` is what it last told: ``online``, ``epoch``, ``sealed``, ``owed``, ``samples`` …
    """

    folder: Path
    program: Path
    flash_bytes: int = 1 << 20
    ago_s: int = 0
    status: dict[str, Any] | None = None
    _process: asyncio.subprocess.Process | None = None
    _listening: asyncio.Task[None] | None = None
    _told: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def device_id(self) -> UUID:
        """Who it is. It has been configured."""
        return UUID(json.loads((self.folder / "config.json").read_text())["device_id"])

    @property
    def is_enrolled(self) -> bool:
        """Whether it has been let in before."""
        return (self.folder / "memory" / "address").exists()

    def configure(
        self, service_url: str, claim_token: str, public_key: str, rate_hz: float
    ) -> UUID:
        """Write the configuration of a new device, or of the one that is there."""
        path = self.folder / "config.json"
        device_id = self.device_id if path.exists() else uuid4()
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        told = configuration(service_url, claim_token, public_key, rate_hz, device_id)
        path.write_text(json.dumps(told))
        path.chmod(0o600)
        return device_id

    async def enrol(self, ask_every_s: int = 10) -> "asyncio.subprocess.Process":
        """Begin to enrol; codes to be approved come on its standard output, a JSON object each."""
        return await asyncio.create_subprocess_exec(
            *self._command("enrol"), "--ask-every", str(ask_every_s), stdout=subprocess.PIPE
        )

    async def power_on(self, *options: str) -> None:
        """Let it record and send."""
        self._process = await asyncio.create_subprocess_exec(
            *self._command("run"),
            *("--ago", str(self.ago_s)),
            *options,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        self.status = None
        self._listening = asyncio.create_task(self._listen(self._process), name="firmware")
        self._listening.add_done_callback(lambda _: self._told.set())

    async def power_off(self) -> None:
        """As when the battery is taken out; nothing is said before, nothing is written after."""
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):  # it has died before
                self._process.kill()
            await self._end(self._process)

    async def measure(self, samples_mv: Samples) -> None:
        """Have it see these samples. Raises Unavailable if it has died."""
        await self._tell(conversions(samples_mv))

    async def let_pass(self, seconds: float) -> None:
        """Let time pass by its clock beyond what passes by ours."""
        await self._tell(_event(b"A", 0, round(seconds * 1000)))

    async def network(self, *, is_there: bool) -> None:
        """Give it the network, or take it away."""
        await self._tell(_event(b"N", int(is_there)))

    async def until(self, holds: Callable[[dict[str, Any]], bool]) -> None:
        """Return once what it tells is as wanted. Raises Unavailable if it has died before."""
        while self.status is None or not holds(self.status):
            if self._listening is None or self._listening.done():
                raise Unavailable(f"the device has ended: {self.status}")
            self._told.clear()
            await self._told.wait()

    async def finish(self) -> int:
        """End the signal, wait until it owes nothing; its exit status."""
        process, pipe = self._powered()
        pipe.close()
        return await self._end(process)

    def _command(self, what: str) -> list[str]:
        return [str(self.program), what, str(self.folder / "memory"),
                str(self.folder / "config.json"), "--flash", str(self.flash_bytes)]  # fmt: skip

    def _powered(self) -> "tuple[asyncio.subprocess.Process, asyncio.StreamWriter]":
        process = self._process
        if process is None or process.stdin is None:
            raise Unavailable("the device is not powered")
        return process, process.stdin

    async def _tell(self, records: bytes) -> None:
        _, pipe = self._powered()
        try:
            pipe.write(records)
            await pipe.drain()
        except (BrokenPipeError, ConnectionResetError) as error:
            raise Unavailable(f"the device has ended: {self.status}") from error

    async def _end(self, process: asyncio.subprocess.Process) -> int:
        status = await process.wait()
        if self._listening is not None:
            await self._listening
        self._process = self._listening = None
        return status

    async def _listen(self, process: asyncio.subprocess.Process) -> None:
        if process.stdout is not None:
            async for line in process.stdout:
                self.status = json.loads(line)
                self._told.set()
