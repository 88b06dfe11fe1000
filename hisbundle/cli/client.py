"""``hisbundle client``: the backend services that may ask for tokens."""

from pathlib import Path
from typing import Annotated

import typer

from hisbundle.cli.common import DataDir, read_settings, run

client = typer.Typer(help="Backend services that may ask for tokens.", no_args_is_help=True)

JwksFile = Annotated[Path | None, typer.Option(help="The client's public keys, a JWKS file.")]
JwksUrl = Annotated[str | None, typer.Option(help="Where the client publishes them, https.")]
Scopes = Annotated[
    list[str], typer.Option("--scope", help="Scope it may ask for; may be given several times.")
]
Patients = Annotated[
    list[str] | None,
    typer.Option("--patient", help="Id of a patient whom its patient/ scopes mean; several times."),
]
Groups = Annotated[
    list[str] | None,
    typer.Option("--group", help="Id of a Group whose members they mean, as long as they are."),
]
BreakGlass = Annotated[
    bool,
    typer.Option("--break-glass", help="It may read beyond its narrowed scopes, with a reason."),
]
Limit = Annotated[int, typer.Option(help="Rows at most, the latest first.", min=1, max=100_000)]


@client.command("add")
def client_add(
    name: str,
    scope: Scopes,
    jwks_file: JwksFile = None,
    jwks_url: JwksUrl = None,
    patient: Patients = None,
    group: Groups = None,
    break_glass: BreakGlass = False,
    data_dir: DataDir = None,
) -> None:
    """Register a client by its public keys; prints its client id."""
    settings = read_settings(data_dir=data_dir)
    from api.break_glass import SCOPE
    from api.smart.registration import register
    from core.errors import Incorrect
    from hisbundle.reach import open_database

    try:
        jwks = None if jwks_file is None else jwks_file.read_bytes()
    except OSError as error:
        raise Incorrect(f"{jwks_file}: {error.strerror}") from None

    scopes = [*scope, SCOPE] if break_glass else scope

    async def work() -> str:
        async with open_database(settings) as database, database.transaction() as tx:
            return await register(
                tx, name, scopes, jwks=jwks, jwks_url=jwks_url,
                patients=patient or (), groups=group or (),
            )  # fmt: skip

    typer.echo(run(work()))


@client.command("list")
def client_list(limit: Limit = 100, data_dir: DataDir = None) -> None:
    """Print the clients: id, status, time of registration, keys, scopes, of whom, name."""
    settings = read_settings(data_dir=data_dir)
    from hisbundle.reach import open_database
    from store import clients

    async def work() -> None:
        async with open_database(settings) as database, database.transaction() as tx:
            for each in await clients.listing(tx, limit):
                keys, scopes = each.jwks_url or "inline", " ".join(each.scopes)
                at = each.created_at.isoformat(timespec="seconds")
                of = [
                    *(f"Patient/{p}" for p in each.patients),
                    *(f"Group/{g}" for g in each.groups),
                ]
                whom = " ".join(of) or "all"
                row = (each.id, each.status, at, keys, scopes, whom, each.name)
                typer.echo("\t".join(row))

    run(work())


@client.command("disable")
def client_disable(client_id: str, data_dir: DataDir = None) -> None:
    """Let a client in no more; its tokens count for nothing within seconds."""
    settings = read_settings(data_dir=data_dir)
    from hisbundle.reach import open_database
    from store import clients

    async def work() -> None:
        async with open_database(settings) as database, database.transaction() as tx:
            await clients.disable(tx, client_id)

    run(work())
