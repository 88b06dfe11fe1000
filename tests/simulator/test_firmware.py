"""A device that has died is told of; nobody waits for it."""

import asyncio
from pathlib import Path

import numpy as np
import pytest

from core.errors import Unavailable
from simulator.firmware import Firmware


async def test_no_one_waits_for_a_device_that_has_died(tmp_path: Path) -> None:
    program = tmp_path / "program"
    program.write_text("#!/bin/sh\necho '{\"owed\":1}'\nhead -c 8 >/dev/null\nexit 1\n")
    program.chmod(0o700)
    device = Firmware(tmp_path, program)
    await device.power_on()
    async with asyncio.timeout(5):
        await device.until(lambda told: told["owed"] == 1)
        waiting = asyncio.create_task(device.until(lambda told: told["owed"] == 0))
        await asyncio.sleep(0)
        await device.measure(np.zeros(1))
        with pytest.raises(Unavailable, match="has ended"):
            await waiting
        with pytest.raises(Unavailable, match="has ended"):
            await device.until(lambda told: told["owed"] == 0)
    await device.power_off()
