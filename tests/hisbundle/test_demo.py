"""The demo, as a user runs it: twice, on one data folder."""

import asyncio
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import store.devices
from core.errors import Unavailable
from hisbundle.demo import PATIENTS
from hisbundle.embedded.postgres import running_url
from hisbundle.reach import open_database
from tests.hisbundle.processes import command, data_folder, environment, settings_for


@pytest.fixture
def data_dir(reachable_folder: Path) -> Iterator[Path]:
    with data_folder(reachable_folder) as folder:
        yield folder


async def test_three_patients_with_heart_rates_that_continue(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")  # not for a service on this machine
    settings: dict[str, object] = {"data_dir": data_dir, "http_port": 0, "mqtt_port": 0}
    devices: list[set[str]] = []
    for _ in range(2):
        status, out, err = await command("demo", "--seconds", "1", **settings)
        assert status == 0, err
        for patient in PATIENTS:
            assert re.search(rf"^  {patient.name} +[\d.]+ /min", out, re.MULTILINE), out
        assert re.search(r"^export TOKEN=\S+\ncurl ", out, re.MULTILINE)
        with pytest.raises(Unavailable):
            running_url(data_dir)
        devices.append(await _enrolled(data_dir))
    assert len(devices[0]) == len(PATIENTS)
    assert devices[0] == devices[1]


async def test_it_ends_with_the_one_who_started_it(data_dir: Path) -> None:
    settings = {"data_dir": data_dir, "http_port": 0, "mqtt_port": 0}
    parent = await asyncio.create_subprocess_exec(
        *("/bin/sh", "-c", '"$0" -m hisbundle demo --with-parent; true', sys.executable),
        env=environment(**settings),
        stdout=asyncio.subprocess.PIPE,
    )
    assert parent.stdout is not None
    async with asyncio.timeout(60):
        while "Ctrl-C" not in (await parent.stdout.readline()).decode():
            pass
        parent.kill()
        await parent.stdout.read()  # its end is the end of the last process that had it
    with pytest.raises(Unavailable):
        running_url(data_dir)


async def _enrolled(data_dir: Path) -> set[str]:
    async with open_database(settings_for(data_dir)) as database, database.transaction() as tx:
        return {str(device.id) for device in await store.devices.listing(tx, 10)}
