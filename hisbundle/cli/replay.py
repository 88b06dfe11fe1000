"""``hisbundle replay``."""

import json
import secrets
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hisbundle.cli import plan
from hisbundle.cli.common import DataDir, read_settings, run

if TYPE_CHECKING:
    from hisbundle.replay import ReplaySummary

Record = Annotated[Path, typer.Argument(help="WFDB record, e.g. ../shared/data/mitdb/208.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print the summary as one JSON object.")]
Timeout = Annotated[float, typer.Option(help="Seconds to wait for the analysis to end.", min=1)]


def replay(
    record: Record,
    speed: plan.Speed = "max",
    seconds: plan.Seconds = None,
    channel: plan.Channel = 0,
    rate_hz: plan.RateHz = 125.0,
    as_json: AsJson = False,
    server: plan.Server = None,
    token: plan.Token = None,
    folder: plan.Folder = None,
    mqtt_url: plan.MqttUrl = None,
    timeout_s: Timeout = 300.0,
    data_dir: DataDir = None,
) -> None:
    """Send a recorded patient down the whole road, and print what comes out over FHIR.

    Without --server it uses the service that runs on the data folder, or starts one meanwhile.
    """
    settings = read_settings(data_dir=data_dir, mqtt_url=mqtt_url)
    from hisbundle.borrow import with_service
    from hisbundle.logs import configure_logs
    from hisbundle.replay import replay as run_replay
    from hisbundle.tokens import development_token
    from simulator.source import Simulation

    configure_logs("WARNING", as_json=settings.log_json)
    with tempfile.TemporaryDirectory(prefix="hisbundle-") as scratch:
        simulation = Simulation(
            base_url="",
            token=token or development_token(settings),
            # A device of its own each time, so that no two replays share a patient.
            folder=folder or Path(scratch, f"{record.name}-{secrets.token_hex(4)}"),
            record=record,
            channel=channel,
            rate_hz=rate_hz,
            speed=plan.speed_of(speed),
            seconds=seconds,
            mqtt_url=settings.mqtt_url.get_secret_value() if settings.mqtt_url else None,
            mqtt_ca_file=settings.mqtt_ca_file,
        )
        order = with_service(
            settings,
            server,
            lambda base_url: run_replay(replace(simulation, base_url=base_url), timeout_s),
        )
        _print(run(order), as_json=as_json)


def _print(summary: "ReplaySummary", *, as_json: bool) -> None:
    fields = summary.to_dict()
    if as_json:
        typer.echo(json.dumps(fields))
        return
    for name, value in fields.items():
        shown = json.dumps(value) if isinstance(value, dict | list) else value
        typer.echo(f"{name.replace('_', ' '):24} {shown}")
