"""``hisbundle audit``: the audit trail checked, and its head to be kept elsewhere."""

import re
from typing import Annotated

import typer

from hisbundle.cli.common import DataDir, read_settings, run

audit = typer.Typer(help="The audit trail.", no_args_is_help=True)

Remembered = Annotated[
    str | None,
    typer.Option("--head", help="A head that `audit head` printed: it must be in the chain."),
]
_HEAD = re.compile(r"(\d{1,18}):([0-9a-f]{64})")


@audit.command("head")
def audit_head(data_dir: DataDir = None) -> None:
    """Print the end of the chain, to be kept where nobody here can change it."""
    settings = read_settings(data_dir=data_dir)
    from hisbundle.reach import open_database
    from store import audit

    async def work() -> str:
        async with open_database(settings) as database, database.transaction() as tx:
            return str(await audit.head(tx))

    typer.echo(run(work()))


@audit.command("verify")
def audit_verify(head: Remembered = None, data_dir: DataDir = None) -> None:
    """Check the whole chain; exit code 1 if it is broken, or lacks the remembered head."""
    settings = read_settings(data_dir=data_dir)
    from core.audit import Head
    from core.errors import Incorrect
    from hisbundle.reach import open_database
    from store.audit_chain import Verdict, verify

    remembered = None
    if head is not None:
        match = _HEAD.fullmatch(head.strip())
        if match is None:
            raise Incorrect("--head is a number, a colon and 64 hexadecimal digits")
        remembered = Head(int(match[1]), 0, bytes.fromhex(match[2]))

    async def work() -> Verdict:
        async with open_database(settings) as database, database.transaction() as tx:
            return await verify(tx, remembered)

    found = run(work())
    typer.echo(f"{found.head.number} batches, {found.entries} entries, head {found.head}")
    if found.broken is not None:
        typer.echo(f"broken: {found.broken}", err=True)
        raise typer.Exit(1)
    typer.echo("the audit trail is whole")
