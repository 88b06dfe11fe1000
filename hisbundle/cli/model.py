"""``hisbundle model``: the classifier's weights, packaged and served elsewhere."""

from pathlib import Path
from typing import Annotated

import typer

model = typer.Typer(help="The classifier as a package, and on Amazon SageMaker.")

Artefact = Annotated[
    Path | None, typer.Argument(help="The .tflite file, its card and .keras beside it; as served.")
]
Out = Annotated[Path, typer.Option(help="Where the package goes.")]


@model.command("package")
def model_package(artefact: Artefact = None, out: Out = Path("model.tar.gz")) -> None:
    """Write model.tar.gz: a SavedModel in the layout of TensorFlow Serving."""
    from core.errors import Incorrect

    try:
        from model.package import package
    except ModuleNotFoundError as error:
        raise Incorrect(f"packaging needs the development packages (make test): {error}") from error
    from analysis.classifier import DEFAULT_ARTEFACT
    from model.archive import read_package

    made = read_package(package(artefact or DEFAULT_ARTEFACT, out))
    typer.echo(f"{out}\t{made.model_id}\t{len(made.content)} bytes\tsha256 {made.digest}")
