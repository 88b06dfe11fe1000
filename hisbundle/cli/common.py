"""Options and helpers that several commands share."""

import asyncio
import signal
from collections.abc import Coroutine
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

if TYPE_CHECKING:  # importing it takes longer than --help may
    from core.settings import Settings

T = TypeVar("T")

DataDir = Annotated[
    Path | None,
    typer.Option(help="Folder of the embedded data and keys (HISBUNDLE_DATA_DIR)."),
]
BindHost = Annotated[str | None, typer.Option(help="Address to listen on (HISBUNDLE_BIND_HOST).")]
HttpPort = Annotated[
    int | None, typer.Option(help="TCP port of FHIR, 0 for a free one (HISBUNDLE_HTTP_PORT).")
]
MqttPort = Annotated[
    int | None,
    typer.Option(help="TCP port of the MQTT endpoint, 0 for a free one (HISBUNDLE_MQTT_PORT)."),
]


def read_settings(**options: object) -> "Settings":
    """The settings of the environment; options that were given win. Raises Incorrect."""
    from pydantic import ValidationError
    from pydantic_settings import SettingsError

    from core.errors import Incorrect
    from core.settings import Settings

    given = {name: value for name, value in options.items() if value is not None}
    try:
        return Settings(**given)  # type: ignore[arg-type]
    except ValidationError as error:
        lines = [
            f"HISBUNDLE_{str(each['loc'][0]).upper()}: {each['msg']}"
            for each in error.errors(include_input=False, include_url=False)
        ]
        raise Incorrect("\n".join(lines)) from None
    except SettingsError as error:
        raise Incorrect(f"{error} (a list is written as JSON)") from None


def run(work: Coroutine[object, object, T]) -> T:
    """Run a coroutine on uvloop; SIGTERM ends it as Ctrl-C does, so that it cleans up."""
    import uvloop

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        try:
            return runner.run(_cancellable(work))
        except asyncio.CancelledError:
            raise KeyboardInterrupt from None


async def _cancellable(work: Coroutine[object, object, T]) -> T:
    task = asyncio.current_task()
    if task is not None:
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    return await work
