"""``hisbundle train``."""

from pathlib import Path
from typing import Annotated

import typer

from hisbundle.cli.bars import bars

Data = Annotated[Path, typer.Argument(help="Folder of the MIT-BIH records (100.dat, 100.hea, …).")]
Out = Annotated[Path | None, typer.Option(help="Where the artefact goes; default model/artefacts.")]
Work = Annotated[Path, typer.Option(help="Where a broken-off run's checkpoints are.")]
Fresh = Annotated[bool, typer.Option("--fresh", help="Start anew; forget the checkpoints.")]

Baseline = Annotated[
    bool, typer.Option("--baseline", help="The original network, one beat at a time.")
]


def train(
    data_dir: Data,
    out: Out = None,
    epochs: int | None = None,
    baseline: Baseline = False,
    work: Work = Path(".hisbundle/training"),
    fresh: Fresh = False,
) -> None:
    """Train the served network (or the baseline), print its evaluations, export the artefact.

    A run that was broken off goes on where it stopped, to the same weights.
    """
    from core.errors import Incorrect

    if not (data_dir / "100.hea").exists():
        raise Incorrect(f"no MIT-BIH records in {data_dir}: 100.hea is not there")
    try:
        from model import train as original
        from model import train_context
        from model.checkpoints import Workplace
    except ModuleNotFoundError as error:
        raise Incorrect(f"training needs the development packages (make test): {error}") from error
    main = original.main if baseline else train_context.main
    with bars() as progress:
        place = Workplace(work, fresh, lambda line: typer.echo(line, err=True), progress)
        path = main(data_dir, out or original.ARTEFACTS, epochs, place)
    typer.echo(f"exported to {path}")
