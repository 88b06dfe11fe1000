"""``hisbundle train``."""

from pathlib import Path
from typing import Annotated

import typer

Data = Annotated[Path, typer.Argument(help="Folder of the MIT-BIH records (100.dat, 100.hea, …).")]
Out = Annotated[Path | None, typer.Option(help="Where the artefact goes; default model/artefacts.")]


def train(data_dir: Data, out: Out = None, epochs: int | None = None) -> None:
    """Train the baseline network, print both evaluations, export the artefact."""
    from core.errors import Incorrect

    if not (data_dir / "100.hea").exists():
        raise Incorrect(f"no MIT-BIH records in {data_dir}: 100.hea is not there")
    try:
        from model.train import ARTEFACTS, main
    except ModuleNotFoundError as error:
        raise Incorrect(f"training needs the development packages (make test): {error}") from error
    typer.echo(f"exported to {main(data_dir, out or ARTEFACTS, epochs)}")
