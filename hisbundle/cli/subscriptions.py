"""``hisbundle subscriptions``: who is told of what, how far behind, and why not."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from hisbundle.cli.common import DataDir, read_settings, run

subscriptions = typer.Typer(help="FHIR Subscriptions.", no_args_is_help=True)

Id = Annotated[str, typer.Argument(help="The Subscription's id.")]
Limit = Annotated[int, typer.Option(help="Rows at most, by id.", min=1, max=100_000)]


@subscriptions.command("list")
def list_(limit: Limit = 1000, data_dir: DataDir = None) -> None:
    """Print each: id, status, channel, delivered/events, attempts since it fails, topic, error."""
    settings = read_settings(data_dir=data_dir)
    from hisbundle.reach import open_database
    from store.subscriptions import state

    async def work() -> None:
        async with open_database(settings) as database, database.transaction() as tx:
            for one in await state.listing(tx, limit):
                counted = f"{one.delivered}/{one.events}"
                told = (one.id, one.status, one.channel, counted, f"{one.attempts} attempts")
                typer.echo("\t".join((*told, one.topic or "criteria", one.error or "")))

    run(work())


@subscriptions.command("show")
def show(id_: Id, data_dir: DataDir = None) -> None:
    """Print all that is known of one: client, counters, lag, the next attempt, what failed."""
    settings = read_settings(data_dir=data_dir)
    from core.errors import NotFound
    from hisbundle.reach import open_database
    from store.subscriptions import deliveries, state

    async def work() -> None:
        async with open_database(settings) as database, database.transaction() as tx:
            one = await state.read(tx, id_)
            if one is None:
                raise NotFound(f"there is no Subscription/{id_}")
            oldest, failure = await deliveries.waiting(tx, id_)
        lag = "none" if oldest is None else f"{datetime.now(UTC) - oldest}".partition(".")[0]
        told = {
            "status": one.status,
            "client": one.client,
            "scopes": " ".join(one.scopes),
            "channel": one.channel,
            "topic": one.topic,
            "counts since": one.since,
            "ends": one.ends,
            "events": one.events,
            "delivered": one.delivered,
            "lag": lag,
            "attempts": one.attempts,
            "failing since": one.failing_since,
            "next attempt": one.next_try_at if one.attempts else None,
            "last failure": failure,
            "error": one.error,
        }
        for name, value in told.items():
            typer.echo(f"{name}\t{'' if value is None else value}")

    run(work())


@subscriptions.command("retry")
def retry(id_: Id, data_dir: DataDir = None) -> None:
    """Try again now what is waiting for its next attempt.

    What is in error stays so: only its client asks for it again.
    """
    settings = read_settings(data_dir=data_dir)
    from core.errors import Conflict
    from hisbundle.reach import open_database
    from store.subscriptions import deliveries

    async def work() -> None:
        async with open_database(settings) as database, database.transaction() as tx:
            if not await deliveries.hasten(tx, id_, datetime.now(UTC)):
                raise Conflict(
                    f"Subscription/{id_} is neither requested nor active: its client must ask"
                    " for it again (status requested)"
                )
            await database.notify(tx, "event")

    run(work())
    typer.echo("to be tried now")


@subscriptions.command("off")
def off(id_: Id, data_dir: DataDir = None) -> None:
    """Stop one: nothing more is sent and nothing counts, until its client asks for it again."""
    settings = read_settings(data_dir=data_dir)
    from core.errors import NotFound
    from fhir.subscriptions.turns import turn
    from hisbundle.reach import open_database
    from store.subscriptions.state import Status

    async def work() -> None:
        async with open_database(settings) as database, database.transaction() as tx:
            if not await turn(tx, id_, Status.OFF, "put off by the operator"):
                raise NotFound(f"there is no Subscription/{id_}")
            await database.notify(tx, "resource")

    run(work())
    typer.echo("off")


@subscriptions.command("secret")
def secret(id_: Id, data_dir: DataDir = None) -> None:
    """Print the secret that its notifications are signed with, for the subscriber."""
    settings = read_settings(data_dir=data_dir)
    from alerting.subscriptions import signing
    from core.errors import NotFound
    from hisbundle.parts import assemble
    from hisbundle.reach import open_database
    from store.subscriptions import state

    async def work() -> str:
        async with open_database(settings) as database:
            async with database.transaction() as tx:
                if await state.read(tx, id_) is None:
                    raise NotFound(f"there is no Subscription/{id_}")
            root = await signing.load_root(database, assemble(settings, database).vault)
        return signing.secret(root, id_)

    typer.echo(run(work()))
