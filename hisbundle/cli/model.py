"""``hisbundle model``: the classifier's weights, packaged and served elsewhere."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hisbundle.cli.common import read_settings

_FIRST_ANSWER_S = 60.0

if TYPE_CHECKING:
    from analysis.classifier import Classifier
    from core.settings import Settings
    from model.sagemaker.calls import Aws
    from model.sagemaker.wait import Patience

model = typer.Typer(
    help="The classifier as a package, and on Amazon SageMaker.", no_args_is_help=True
)
endpoint = typer.Typer(help="The endpoint on Amazon SageMaker.", no_args_is_help=True)
model.add_typer(endpoint, name="endpoint")

Artefact = Annotated[
    Path | None, typer.Argument(help="The .tflite file, its card and .keras beside it; as served.")
]
Package = Annotated[Path, typer.Argument(help="What `hisbundle model package` wrote.")]
Wait = Annotated[float, typer.Option(help="Seconds to wait for the endpoint at most.", min=1)]
Look = Annotated[float, typer.Option(help="Seconds between looks at it.", min=0.01)]
Check = Annotated[
    bool, typer.Option(help="Ask the endpoint for some beats, and compare with the local engine.")
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


@model.command("deploy")
def model_deploy(
    package: Package = Path("model.tar.gz"),
    wait_s: Wait = 1800.0,
    look_s: Look = 10.0,
    check: Check = True,
) -> None:
    """Upload a package, let the endpoint serve it, and see that it answers as the local engine.

    What is there already stays as it is.
    """
    from hisbundle.sagemaker import capacity_of, place_of
    from model.archive import read_package
    from model.sagemaker.deploy import deploy

    settings = read_settings()
    place, capacity, made = place_of(settings), capacity_of(settings), read_package(package)
    local = _local(made.model_id) if check else None
    config = deploy(_aws(settings), place, capacity, made, _patience(wait_s, look_s))
    typer.echo(f"{place.endpoint} serves {made.model_id}, configuration {config}")
    if local is not None:
        typer.echo(f"it answers as the local engine does, to {_apart(settings, local):.1g}")


@endpoint.command("status")
def endpoint_status() -> None:
    """Print what the endpoint serves, on how many instances, and whether it is in service."""
    from hisbundle.sagemaker import endpoint_of
    from model.sagemaker.endpoint import status

    settings = read_settings()
    for name, value in status(_aws(settings), endpoint_of(settings)).items():
        typer.echo(f"{name}\t{value}")


@endpoint.command("update")
def endpoint_update(wait_s: Wait = 1800.0, look_s: Look = 10.0) -> None:
    """Bring instances, scaling and capture to the settings; the model stays."""
    from hisbundle.sagemaker import capacity_of, place_of
    from model.sagemaker.deploy import update

    settings = read_settings()
    place, capacity = place_of(settings), capacity_of(settings)
    config = update(_aws(settings), place, capacity, _patience(wait_s, look_s))
    typer.echo(f"{place.endpoint}, configuration {config}")


@endpoint.command("delete")
def endpoint_delete(wait_s: Wait = 1800.0, look_s: Look = 10.0) -> None:
    """Delete the endpoint, its configurations and models; packages stay in the bucket."""
    from hisbundle.sagemaker import endpoint_of
    from model.sagemaker.endpoint import delete

    settings = read_settings()
    gone = delete(_aws(settings), endpoint_of(settings), _patience(wait_s, look_s))
    typer.echo("\n".join(f"deleted {name}" for name in gone) or "nothing to delete")


def _local(model_id: str) -> "Classifier":
    """The local engine. Raises Incorrect if it has other weights than those to be deployed."""
    from analysis.classifier import load_classifier
    from core.errors import Incorrect

    local = load_classifier()
    if local.model_id != model_id:
        raise Incorrect(
            f"the package holds {model_id}, the local engine is {local.model_id}: package the "
            "artefact that is served, or deploy with --no-check"
        )
    return local


def _apart(settings: "Settings", local: "Classifier") -> float:
    """By how much the endpoint's probabilities differ. Raises what ``compare`` raises."""
    from hisbundle.engines import on_sagemaker
    from model.sagemaker.compare import compare

    # A container's first answer takes longer than those of which a patient's alarm has to wait.
    patient = settings.model_copy(update={"sagemaker_deadline_s": _FIRST_ANSWER_S})
    remote = on_sagemaker(patient, local)
    try:
        return compare(remote, local)
    finally:
        remote.close()


def _aws(settings: "Settings") -> "Aws":
    from model.sagemaker.calls import connect

    return connect(settings.aws_region, settings.aws_endpoint_url)


def _patience(wait_s: float, look_s: float) -> "Patience":
    from model.sagemaker.wait import Patience

    return Patience(wait_s, look_s, lambda status: typer.echo(status, err=True))
