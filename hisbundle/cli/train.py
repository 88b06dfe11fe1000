"""``hisbundle train``."""

from pathlib import Path
from typing import Annotated

import typer

Data = Annotated[Path, typer.Argument(help="Folder of the MIT-BIH records (100.dat, 100.hea, …).")]
Out = Annotated[Path | None, typer.Option(help="Where the artefact goes; default model/artefacts.")]


Baseline = Annotated[
    bool, typer.Option("--baseline", help="The original network, one beat at a time.")
]


def train(
    data_dir: Data, out: Out = None, epochs: int | None = None, baseline: Baseline = False
) -> None:
    """Train the served network (or the baseline), print its evaluations, export the artefact."""
    from core.errors import Incorrect

    if not (data_dir / "100.hea").exists():
        raise Incorrect(f"no MIT-BIH records in {data_dir}: 100.hea is not there")
    try:
        from model import train as original
        from model import train_context
    except ModuleNotFoundError as error:
        raise Incorrect(f"training needs the development packages (make test): {error}") from error
    main = original.main if baseline else train_context.main
    typer.echo(f"exported to {main(data_dir, out or original.ARTEFACTS, epochs)}")
