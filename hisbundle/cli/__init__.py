"""The ``hisbundle`` command. Each subcommand imports what it needs when it runs."""

import os
import sys

import typer

from hisbundle.cli.alerts import alerts
from hisbundle.cli.audit import audit
from hisbundle.cli.client import client
from hisbundle.cli.database import migrate, quarantine, reindex
from hisbundle.cli.demo import demo
from hisbundle.cli.device import device
from hisbundle.cli.evaluate import evaluate
from hisbundle.cli.export import export
from hisbundle.cli.fetch import fetch
from hisbundle.cli.hl7 import hl7
from hisbundle.cli.messages import messages
from hisbundle.cli.model import model
from hisbundle.cli.replay import replay
from hisbundle.cli.serve import serve
from hisbundle.cli.settings import settings
from hisbundle.cli.simulate import simulate
from hisbundle.cli.subscriptions import subscriptions
from hisbundle.cli.token import token
from hisbundle.cli.train import train
from hisbundle.cli.vault import vault
from hisbundle.exits import FAULT, exit_code, is_expected, message

app = typer.Typer(
    help="An open FHIR gateway for continuous ECG.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
for command in (
    *(serve, demo, simulate, replay, export, token, migrate, reindex),
    *(train, evaluate, settings),
):
    app.command()(command)
app.add_typer(quarantine, name="quarantine")
app.add_typer(device, name="device")
app.add_typer(client, name="client")
app.add_typer(alerts, name="alerts")
app.add_typer(audit, name="audit")
app.add_typer(hl7, name="hl7")
app.add_typer(messages, name="messages")
app.add_typer(subscriptions, name="subscriptions")
app.add_typer(fetch, name="fetch")
app.add_typer(model, name="model")
app.add_typer(vault, name="vault")


def main() -> None:
    """Run the command line; the exit codes are those of ``hisbundle.exits``."""
    _spare_the_proxy()
    try:
        app()
    except KeyboardInterrupt:
        sys.exit(130)
    except Exception as error:
        if not is_expected(error):
            raise
        typer.echo(f"hisbundle: {message(error)}", err=True)
        sys.exit(exit_code(error) or FAULT)


def _spare_the_proxy() -> None:
    """Reach services on this machine directly, also where HTTP_PROXY names a proxy."""
    named = os.environ.get("no_proxy") or os.environ.get("NO_PROXY")
    os.environ["no_proxy"] = ",".join(filter(None, (named, "127.0.0.1", "localhost", "::1")))
