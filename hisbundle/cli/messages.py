"""``hisbundle messages``: what has not reached care teams, and trying it again."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from hisbundle.cli.common import DataDir, read_settings, run

messages = typer.Typer(help="Messages about alerts that care teams have not got.",
                       no_args_is_help=True)  # fmt: skip
Limit = Annotated[int, typer.Option(help="Rows at most.", min=1, max=100_000)]
Id = Annotated[int | None, typer.Argument(help="The message's number; unset: all dead ones.")]


@messages.command("list")
def messages_list(limit: Limit = 100, data_dir: DataDir = None) -> None:
    """Print messages that wait or are dead, the oldest first."""
    settings = read_settings(data_dir=data_dir)
    from hisbundle.reach import open_database
    from store import notifications

    async def work() -> None:
        async with open_database(settings) as database, database.transaction() as tx:
            for each in await notifications.unsent(tx, limit):
                told = (each.id, each.status, each.channel, each.address, each.event, each.alarm)
                rest = (f"{each.attempts} attempts", each.error or "-")
                typer.echo("\t".join(map(str, (*told, *rest))))

    run(work())


@messages.command("resend")
def messages_resend(message_id: Id = None, data_dir: DataDir = None) -> None:
    """Try a dead message again, or all of them."""
    settings = read_settings(data_dir=data_dir)
    from hisbundle.reach import open_database
    from store import notifications

    async def work() -> int:
        async with open_database(settings) as database, database.transaction() as tx:
            return await notifications.resend(tx, message_id, datetime.now(UTC))

    typer.echo(f"{run(work())} to be sent again")
