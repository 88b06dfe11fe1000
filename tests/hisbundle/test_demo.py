"""The demo, as a user runs it: twice, on one data folder."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import store.devices
from core.errors import Unavailable
from hisbundle.demo import PATIENTS
from hisbundle.embedded.postgres import running_url
from hisbundle.reach import open_database
from tests.hisbundle.processes import command, data_folder, settings_for


@pytest.fixture
def data_dir(reachable_folder: Path) -> Iterator[Path]:
    with data_folder(reachable_folder) as folder:
        yield folder


async def test_three_patients_with_heart_rates_that_continue(data_dir: Path) -> None:
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


async def _enrolled(data_dir: Path) -> set[str]:
    async with open_database(settings_for(data_dir)) as database, database.transaction() as tx:
        return {str(device.id) for device in await store.devices.listing(tx, 10)}
