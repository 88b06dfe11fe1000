"""``hisbundle migrate``, ``reindex`` and ``quarantine``."""

from typing import Annotated
from uuid import UUID

import typer

from hisbundle.cli.common import DataDir, read_settings, run

quarantine = typer.Typer(help="Refused frames, kept aside.", no_args_is_help=True)

Limit = Annotated[int, typer.Option(help="Rows at most, the latest first.", min=1, max=100_000)]
OfDevice = Annotated[UUID | None, typer.Option("--device", help="Of this device only.")]


def migrate(data_dir: DataDir = None) -> None:
    """Bring the database schema up to date (the service does so too when it starts)."""
    settings = read_settings(data_dir=data_dir)
    from hisbundle.reach import database_url

    async def work() -> None:
        async with database_url(settings):
            pass

    run(work())
    typer.echo("the schema is up to date")


def reindex(data_dir: DataDir = None) -> None:
    """Make the index of all resources anew, beside a running service or without one.

    The service does so by itself after an upgrade; this is for what an older process wrote
    meanwhile.
    """
    settings = read_settings(data_dir=data_dir)
    from fhir.publishing.reindexer import Reindexer
    from hisbundle.reach import open_database

    async def work() -> int:
        async with open_database(settings) as database:
            reindexer, count = Reindexer(database), 0
            await reindexer.begin(again=True)
            while done := await reindexer.turn():
                count += done
            return count

    typer.echo(f"{run(work())} resources indexed")


@quarantine.command("list")
def quarantine_list(limit: Limit = 100, device: OfDevice = None, data_dir: DataDir = None) -> None:
    """Print the kept frames: number, time, device, reason, detail."""
    settings = read_settings(data_dir=data_dir)
    from hisbundle.reach import open_database
    from store import quarantine

    async def work() -> None:
        async with open_database(settings) as database, database.transaction() as tx:
            for kept in await quarantine.listing(tx, limit, device):
                at = kept.received_at.isoformat(timespec="milliseconds")
                typer.echo(f"{kept.id}\t{at}\t{kept.device_id}\t{kept.reason}\t{kept.detail}")
            typer.echo(f"{await quarantine.count(tx, device)} kept", err=True)

    run(work())
