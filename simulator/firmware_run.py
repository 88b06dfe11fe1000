"""A whole simulation by the device's own firmware: enrol, wait for approval, measure, send."""

import asyncio
import json
import math
import time
from collections.abc import Callable, Iterator

import httpx

from core.errors import Incorrect, Unavailable
from simulator.background import in_background
from simulator.device import Samples
from simulator.firmware import FIRMWARE, Firmware, build
from simulator.run import Sent
from simulator.source import Simulation, source

CLAIM = "hisbundle/claim"
"""The scope that a device carries from the factory."""
ASK_EVERY_S = 10
"""PROTOCOL.md, section 5.1: no more often."""
BLOCK_S = 0.25
_AS_FAST_AS_IT_TAKES = 1000.0


async def run_firmware(plan: Simulation, tell: Callable[[str], None]) -> Sent:
    """Run the firmware until its signal ends and nothing is owed; ``tell`` gets what to do.

    Raises Incorrect for what the firmware has no switch for, Unavailable where it cannot be built,
    is refused or dies.
    """
    _check(plan)
    blocks, duration_s = source(plan)
    device = Firmware(plan.folder, await in_background(build))
    device.configure(plan.base_url, plan.token, await _public_key(plan), plan.rate_hz)
    await _enrol(device, tell)
    speed = min(plan.speed, _AS_FAST_AS_IT_TAKES)
    age_s = 0.0 if duration_s is None else duration_s * (1 - 1 / speed)
    device.ago_s = math.ceil(age_s)
    await device.power_on()
    signal_s = await _wear(device, blocks, plan.rate_hz, speed)
    if await device.finish() != 0 or device.status is None:
        raise Unavailable(f"the firmware has failed: {device.status}")
    told = device.status
    return Sent(str(device.device_id), "", told["sealed"], told["dropped_samples"], signal_s, age_s)


def _check(plan: Simulation) -> None:
    """The plug and the network are in Python's hand, the firmware's inside is not."""
    if plan.mqtt_url is not None or plan.backlog_s or not plan.clock_set:
        raise Incorrect("--firmware goes where enrolment points, in step with its own clock")
    if any((plan.faults.duplicate, plan.faults.reorder, plan.faults.drop, plan.faults.corrupt)):
        raise Incorrect("--firmware makes no faults on request")
    if plan.reboot_every_s != math.inf:
        raise Incorrect("--firmware is not rebooted; end it, and run it again")


async def _public_key(plan: Simulation) -> str:
    async with httpx.AsyncClient(headers={"Authorization": f"Bearer {plan.token}"}) as client:
        answer = await client.get(f"{plan.base_url}/enrolment/key")
    if answer.is_error:
        raise Unavailable(f"enrolment: {answer.status_code} {answer.text[:500]}")
    key: str = answer.json()["public_key"]
    return key


async def _enrol(device: Firmware, tell: Callable[[str], None]) -> None:
    """Enrol, and say each code that an operator has to type."""
    if device.is_enrolled:
        return
    enrolling = await device.enrol(ASK_EVERY_S)
    known = ""
    while enrolling.stdout is not None and (line := await enrolling.stdout.readline()):
        code = json.loads(line)["code"]
        if code != known:
            known = code
            tell(f"to let this device in: hisbundle device enroll --code {code} --patient ID")
    if await enrolling.wait() != 0:
        raise Unavailable(f"the firmware could not enrol (see above; it is in {FIRMWARE})")


async def _wear(device: Firmware, blocks: Iterator[Samples], rate_hz: float, speed: float) -> float:
    """Let it measure at its pace; how many seconds of signal that were."""
    count, began_s, signal_s = round(BLOCK_S * rate_hz), time.monotonic(), 0.0
    passed_s = 0.0
    for block in blocks:
        for first in range(0, len(block), count):
            part = block[first : first + count]
            await device.measure(part)
            signal_s += len(part) / rate_hz
            await asyncio.sleep(max(0.0, began_s + signal_s / speed - time.monotonic()))
            ahead_s = signal_s - (time.monotonic() - began_s) - passed_s
            if ahead_s >= 0.001:
                await device.let_pass(ahead_s)
                passed_s += ahead_s
    return signal_s
