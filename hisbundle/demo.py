"""The demo: the service, three simulated patients, and what to look at first."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from core.errors import Unavailable
from core.settings import Settings
from hisbundle.address import own_url
from hisbundle.demo_view import first_queries, lines
from hisbundle.embedded.keeper import Kept, start_kept
from hisbundle.embedded.place import choose_place
from hisbundle.embedded.private import append_private
from hisbundle.fhir_reader import FhirReader
from hisbundle.service import running_service
from hisbundle.signals import run_until_signal
from hisbundle.tokens import development_token

FIRST_RATES_WAIT_S = 120.0
TOKEN_LIFE_S = 7 * 86_400
BACKLOG_S = 45.0
"""Signal that each device has in store at its start, so that there is something to see."""
DEVICE_GRACE_S = 5.0
_LOOK_S = 0.5


@dataclass(frozen=True, slots=True)
class DemoPatient:
    """A name (also of the device's folder) and a rhythm of ``hisbundle simulate``."""

    name: str
    rhythm: str


PATIENTS = (
    DemoPatient("Sinus", "sinus"),
    DemoPatient("Bigeminy", "bigeminy"),
    DemoPatient("Fibrillation", "atrial-fibrillation"),
)


def run_demo(settings: Settings, seconds: float | None) -> None:
    """Run until SIGINT or SIGTERM, or for ``seconds`` after the first heart rates.

    Raises Unavailable if no heart rates appear within two minutes, or a device ends.
    """
    run_until_signal(_demo(settings, seconds))


async def _demo(settings: Settings, seconds: float | None) -> None:
    began = datetime.now(UTC) - timedelta(seconds=BACKLOG_S)
    async with running_service(settings) as real:
        url, token = own_url(real), development_token(real, life_s=TOKEN_LIFE_S)
        print(f"service at {url}/fhir; three patients are being enrolled …", flush=True)
        async with _devices(real, token) as devices, FhirReader(url, token) as fhir:
            shown = await _until_shown(fhir, began, devices)
            print(first_queries(url, token, shown), flush=True)
            print("Ctrl-C stops everything; the data stay in", _folders(real), flush=True)
            await _watch(devices, seconds)


def _folders(settings: Settings) -> str:
    """The data folder, and the one of Postgres where it is not inside."""
    folders = [settings.data_dir.resolve()]
    if settings.database_url is None:
        home = choose_place(settings.data_dir, os.geteuid(), os.environ).home
        folders += [] if folders[0] in home.parents else [home]
    return " and ".join(map(str, folders))


@asynccontextmanager
async def _devices(settings: Settings, token: str) -> AsyncIterator[list[Kept]]:
    """The simulated devices, each a process of its own that ends with ours."""
    folders = settings.data_dir.resolve() / "devices"
    folders.mkdir(mode=0o700, exist_ok=True)
    started: list[Kept] = []
    try:
        for number, patient in enumerate(PATIENTS):
            folder = folders / patient.name
            folder.mkdir(mode=0o700, exist_ok=True)
            started.append(_start(folder, patient, number, own_url(settings), token))
        yield started
    finally:
        await asyncio.gather(*(asyncio.to_thread(kept.stop) for kept in started))


def _start(folder: Path, patient: DemoPatient, seed: int, url: str, token: str) -> Kept:
    options = ["--folder", str(folder), "--rhythm", patient.rhythm, "--seed", str(seed)]
    options += ["--server", url, "--backlog-s", str(BACKLOG_S)]
    with append_private(folder / "device.log") as output:
        return start_kept(
            [sys.executable, "-m", "hisbundle", "simulate", *options],
            output=output,
            env=_device_environment(token),
            grace_s=DEVICE_GRACE_S,
        )


def _device_environment(token: str) -> dict[str, str]:
    """Ours without the service's settings: a device knows where to enrol, and nothing more."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith("HISBUNDLE_")}
    return ours | {"HISBUNDLE_TOKEN": token}


async def _until_shown(fhir: FhirReader, since: datetime, devices: list[Kept]) -> dict[str, str]:
    """Each patient's line of current state, once all of them have one."""
    try:
        async with asyncio.timeout(FIRST_RATES_WAIT_S):
            while True:
                _check(devices)
                shown = await lines(fhir, [patient.name for patient in PATIENTS], since)
                if len(shown) == len(PATIENTS):
                    return shown
                await asyncio.sleep(_LOOK_S)
    except TimeoutError as error:
        raise Unavailable(f"no heart rates after {FIRST_RATES_WAIT_S:.0f} s") from error


async def _watch(devices: list[Kept], seconds: float | None) -> None:
    until = asyncio.get_running_loop().time() + (seconds if seconds is not None else float("inf"))
    while asyncio.get_running_loop().time() < until:
        _check(devices)
        await asyncio.sleep(_LOOK_S)


def _check(devices: list[Kept]) -> None:
    for patient, kept in zip(PATIENTS, devices, strict=True):
        if (status := kept.poll()) is not None:
            raise Unavailable(
                f"the device of {patient.name} ended with status {status}; see its log"
            )
