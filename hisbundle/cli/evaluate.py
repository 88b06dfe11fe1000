"""``hisbundle evaluate``."""

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from model.evaluation.section import Progress

Data = Annotated[Path, typer.Argument(help="Folder of WFDB records with atr annotations.")]
Out = Annotated[Path, typer.Option(help="Where report.json, report.html and the cache go.")]
Records = Annotated[str, typer.Option(help="Names, with commas between; unset: all records.")]
Quick = Annotated[bool, typer.Option("--quick", help="A few records only.")]


def evaluate(
    data_dir: Data,
    out: Out = Path(".hisbundle/evaluation"),
    records: Records = "",
    quick: Quick = False,
) -> None:
    """Score detector, classifier and rhythm on annotated records, beside others."""
    from core.errors import Incorrect

    try:
        from model.evaluation.run import evaluate as work
    except ModuleNotFoundError as error:
        raise Incorrect(
            f"evaluating needs the development packages (make test): {error}"
        ) from error
    names = [name.strip() for name in records.split(",") if name.strip()]
    with _bars() as progress:
        work(data_dir, out, names, quick=quick, progress=progress, tell=typer.echo)
    typer.echo(f"\nWrote {out / 'report.html'} and report.json")


@contextmanager
def _bars() -> "Iterator[Progress]":
    """A bar for each piece of work, on standard error, where somebody is looking."""
    from rich import progress
    from rich.console import Console

    columns = (
        progress.TextColumn("{task.description}"),
        progress.BarColumn(),
        progress.MofNCompleteColumn(),
        progress.TimeElapsedColumn(),
    )
    with progress.Progress(*columns, console=Console(stderr=True), transient=True) as bars:
        tasks: dict[str, progress.TaskID] = {}

        def tell(what: str, done: int, total: int) -> None:
            if what not in tasks:
                tasks[what] = bars.add_task(what, total=total)
            bars.update(tasks[what], completed=done)

        yield tell
