"""``hisbundle simulate``."""

import json
import math
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from hisbundle.cli import plan
from hisbundle.cli.common import DataDir, read_settings, run

RHYTHMS = (
    "sinus",
    "bradycardia",
    "tachycardia",
    "pvc",
    "bigeminy",
    "atrial-fibrillation",
    "pause",
    "lead-off",
    "noise",
)
Record = Annotated[Path | None, typer.Option(help="WFDB record to replay, e.g. data/mitdb/100.")]
RhythmName = Annotated[str, typer.Option(help=f"Synthetic patient: {', '.join(RHYTHMS)}.")]
Backlog = Annotated[float, typer.Option(help="Seconds of signal to send at once.", min=0)]
Reboot = Annotated[float, typer.Option(help="New session every so many seconds.", min=1)]
ClockUnset = Annotated[bool, typer.Option("--clock-unset", help="The device has no time of day.")]
Firmware = Annotated[
    bool, typer.Option("--firmware", help="Run the device's own firmware, built for this machine.")
]
Seed = Annotated[int, typer.Option(help="Of the synthetic patient and of the faults.")]


def simulate(
    server: plan.Server = None,
    token: plan.Token = None,
    folder: plan.Folder = None,
    record: Record = None,
    channel: plan.Channel = 0,
    rhythm: RhythmName = "sinus",
    rate_hz: plan.RateHz = 125.0,
    speed: plan.Speed = "1",
    backlog_s: Backlog = 0.0,
    seconds: plan.Seconds = None,
    seed: Seed = 0,
    duplicate: plan.Share = 0.0,
    reorder: plan.Share = 0.0,
    drop: plan.Share = 0.0,
    corrupt: plan.Share = 0.0,
    reboot_every_s: Reboot = math.inf,
    clock_unset: ClockUnset = False,
    mqtt_url: plan.MqttUrl = None,
    firmware: Firmware = False,
    data_dir: DataDir = None,
) -> None:
    """Be a device: enrol, measure, seal, publish, and resend until it is stored.

    With --firmware the device's own program does all that; an operator has to approve it.
    """
    settings = read_settings(data_dir=data_dir, mqtt_url=mqtt_url)
    from core.errors import Incorrect
    from hisbundle.address import own_url
    from hisbundle.borrow import at_service
    from hisbundle.tokens import development_token
    from simulator.faults import FaultRates
    from simulator.firmware_run import CLAIM, run_firmware
    from simulator.rhythm import Rhythm
    from simulator.run import simulate as run_device
    from simulator.source import Simulation

    if rhythm not in RHYTHMS:
        raise Incorrect(f"--rhythm is one of {', '.join(RHYTHMS)}")
    chosen = Simulation(
        base_url=(server or own_url(settings)).rstrip("/"),
        token=token or development_token(settings, [CLAIM] if firmware else None),
        folder=folder or settings.data_dir / "devices" / ("firmware" if firmware else "simulated"),
        record=record,
        channel=channel,
        rhythm=Rhythm(rhythm),
        rate_hz=rate_hz,
        speed=plan.speed_of(speed),
        backlog_s=backlog_s,
        seconds=seconds,
        reboot_every_s=reboot_every_s,
        clock_set=not clock_unset,
        faults=FaultRates(duplicate, reorder, drop, corrupt),
        seed=seed,
        mqtt_url=settings.mqtt_url.get_secret_value() if settings.mqtt_url else None,
        mqtt_ca_file=settings.mqtt_ca_file,
    )
    work = partial(run_firmware, tell=typer.echo) if firmware else run_device
    sent = run(at_service(chosen.base_url, lambda _: work(chosen)))
    typer.echo(json.dumps(asdict(sent)))
