"""``hisbundle fetch``: data sets, for those who have the internet."""

from pathlib import Path
from typing import Annotated

import typer

from hisbundle.cli.bars import bars

fetch = typer.Typer(help="Fetch data sets to train and to evaluate on.", no_args_is_help=True)

Folder = Annotated[Path, typer.Argument(help="Where the records go.")]
Url = Annotated[str | None, typer.Option(help="Another address of the same files; https.")]


@fetch.callback()
def fetch_what() -> None:
    """Fetch data sets to train and to evaluate on."""


@fetch.command("mitdb")
def fetch_mitdb(folder: Folder, url: Url = None) -> None:
    """Fetch the MIT-BIH Arrhythmia Database from PhysioNet (some 100 MB), or what lacks of it."""
    from hisbundle import mitdb

    with bars() as shown:

        def progress(_: str, done: int, total: int) -> None:
            shown("MIT-BIH Arrhythmia Database", done, total)

        fetched = mitdb.fetch_mitdb(folder, progress, url or mitdb.PHYSIONET)
    typer.echo(f"{folder}: complete, {fetched} files fetched, all sums as published")
