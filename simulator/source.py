"""What is simulated: the plan of a run, and the signal that it asks for."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from core.errors import Incorrect
from simulator.device import Samples
from simulator.faults import FaultRates
from simulator.record import read_record
from simulator.rhythm import Rhythm
from simulator.synthetic import synthetic

DEVICE_RATE_HZ = 125.0


@dataclass(frozen=True, slots=True)
class Simulation:
    """What to simulate. ``speed`` inf means as fast as the service takes it."""

    base_url: str
    token: str
    folder: Path
    record: Path | None = None
    channel: int = 0
    rhythm: Rhythm = Rhythm.SINUS
    rate_hz: float = DEVICE_RATE_HZ
    speed: float = 1.0
    backlog_s: float = 0.0
    seconds: float | None = None
    reboot_every_s: float = math.inf
    clock_set: bool = True
    faults: FaultRates = field(default_factory=FaultRates)
    seed: int = 0
    patient: dict[str, Any] | None = None
    mqtt_url: str | None = None
    mqtt_ca_file: Path | None = None


def source(plan: Simulation) -> tuple[Iterator[Samples], float | None]:
    """Blocks of samples in mV, and the signal's length in seconds if it ends.

    Raises NotFound or Incorrect for a record that cannot be read, and Incorrect for a synthetic
    patient that would run ahead of the clock for ever.
    """
    if plan.record is not None:
        recording = read_record(plan.record, plan.rate_hz, plan.channel)
        limit = None if plan.seconds is None else round(plan.seconds * plan.rate_hz)
        samples_mv = recording.samples_mv[:limit]
        return iter([samples_mv]), len(samples_mv) / plan.rate_hz
    blocks = synthetic(plan.rhythm, plan.rate_hz, plan.seed)
    if plan.seconds is None:
        if plan.speed > 1:
            raise Incorrect("a synthetic patient faster than real time needs a length in seconds")
        return blocks, None
    return _first(blocks, round(plan.seconds * plan.rate_hz)), plan.seconds


def _first(blocks: Iterator[Samples], count: int) -> Iterator[Samples]:
    for block in blocks:
        yield block[:count]
        count -= len(block)
        if count <= 0:
            return
