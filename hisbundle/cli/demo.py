"""``hisbundle demo``."""

from typing import Annotated

import typer

from hisbundle.cli.common import DataDir, HttpPort, MqttPort, read_settings

WithParent = Annotated[
    bool, typer.Option("--with-parent", help="End with the process that started this one.")
]
Seconds = Annotated[
    float | None, typer.Option(help="End by itself this long after the first heart rates.", min=0)
]


def demo(
    data_dir: DataDir = None,
    http_port: HttpPort = None,
    mqtt_port: MqttPort = None,
    seconds: Seconds = None,
    with_parent: WithParent = False,
) -> None:
    """Start the service and three simulated patients, and print what to try."""
    from hisbundle.signals import end_with_parent

    if with_parent:
        end_with_parent()
    settings = read_settings(data_dir=data_dir, http_port=http_port, mqtt_port=mqtt_port)
    typer.echo("starting the service …")
    from hisbundle.demo import run_demo
    from hisbundle.logs import configure_logs

    configure_logs("WARNING", as_json=settings.log_json)
    run_demo(settings, seconds)
