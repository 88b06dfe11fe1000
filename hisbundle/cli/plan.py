"""The options of a simulated device, shared by ``simulate`` and ``replay``."""

import math
from pathlib import Path
from typing import Annotated

import typer

Server = Annotated[str | None, typer.Option(help="URL of the service, e.g. http://127.0.0.1:8080.")]
Token = Annotated[
    str | None,
    typer.Option(envvar="HISBUNDLE_TOKEN", help="Bearer token; default: one from the data folder."),
]
Folder = Annotated[Path | None, typer.Option(help="The device's memory: identity and outbox.")]
Channel = Annotated[int, typer.Option(help="Signal of the record, from 0.", min=0)]
Speed = Annotated[str, typer.Option(help="Times real time, or max: as fast as it is taken.")]
Seconds = Annotated[float | None, typer.Option(help="Length of the signal, seconds.", min=0.1)]
RateHz = Annotated[float, typer.Option(help="Sampling rate of the device, Hz.", min=100, max=500)]
MqttUrl = Annotated[
    str | None,
    typer.Option(help="Broker to publish to; default: where enrolment points. HISBUNDLE_MQTT_URL."),
]
Share = Annotated[float, typer.Option(help="Share of publishes, 0 to 1.", min=0, max=1)]


def speed_of(given: str) -> float:
    """The factor that ``--speed`` names; infinity for ``max``. Raises Incorrect."""
    from core.errors import Incorrect

    try:
        speed = math.inf if given == "max" else float(given)
    except ValueError:
        speed = math.nan
    if not speed > 0:
        raise Incorrect(f"--speed is a positive number or max, not {given!r}")
    return speed
