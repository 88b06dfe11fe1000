"""A simulation by the device's own firmware: from an empty folder to a heart rate in FHIR."""

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from core.errors import Incorrect
from core.settings import Settings
from hisbundle.fhir_reader import FhirReader
from hisbundle.tokens import development_token
from simulator import firmware_run
from simulator.firmware_run import CLAIM, run_firmware
from simulator.run import default_patient
from simulator.source import Simulation
from tests.firmware.library import missing_host
from tests.journey.stack import Service, running

pytestmark = pytest.mark.skipif(bool(missing_host()), reason=missing_host())
SECONDS = 30
WAIT_S = 60.0


def approve(service: Service, told: str, patient_id: str) -> None:
    """Type the command that the device's holder is told."""
    words = told.split("hisbundle ")[1].replace("ID", patient_id).split()
    command = [sys.executable, "-m", "hisbundle", *words, "--data-dir", str(service.data_dir)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=os.environ)


async def admit(service: Service) -> str:
    """A patient in the hospital's record; the id."""
    token = development_token(Settings(data_dir=service.data_dir), ["system/Patient.c"])
    headers = {"Authorization": f"Bearer {token}", "Prefer": "return=representation"}
    async with httpx.AsyncClient(headers=headers) as client:
        answer = await client.post(f"{service.url}/fhir/Patient", json=default_patient("anna"))
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


async def heart_rates(service: Service) -> int:
    async with FhirReader(service.url, service.token) as reader:
        code = "http://loinc.org|8867-4"
        return len([each async for each in reader.search("Observation", code=code)])


async def test_a_device_is_let_in_and_its_heart_is_heard(
    reachable_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(firmware_run, "ASK_EVERY_S", 1)
    async with running(Service(reachable_folder / "simulate-firmware")) as service:
        token = development_token(Settings(data_dir=service.data_dir), [CLAIM])
        plan = Simulation(service.url, token, tmp_path / "device", seconds=SECONDS, speed=15)
        patient_id = await admit(service)
        sent = await run_firmware(plan, lambda told: approve(service, told, patient_id))
        assert sent.signal_s == pytest.approx(SECONDS)
        assert sent.chunks_sealed == -(-SECONDS * 125 // 187)
        assert sent.samples_lost == 0
        async with asyncio.timeout(WAIT_S):
            while not await heart_rates(service):  # noqa: ASYNC110 (another process)
                await asyncio.sleep(0.3)


async def test_what_it_has_no_switch_for_is_told(tmp_path: Path) -> None:
    for odd in ({"backlog_s": 5.0}, {"clock_set": False}, {"mqtt_url": "mqtts://elsewhere"}):
        plan = Simulation("http://127.0.0.1:9", "token", tmp_path, **odd)
        with pytest.raises(Incorrect, match="--firmware"):
            await run_firmware(plan, print)
