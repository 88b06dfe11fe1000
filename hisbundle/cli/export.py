"""``hisbundle export``."""

from pathlib import Path
from typing import Annotated

import typer

from hisbundle.cli import plan
from hisbundle.cli.common import DataDir, read_settings

Resource = Annotated[str, typer.Argument(help="DiagnosticReport/ID, or Observation/ID of a strip.")]
FormName = Annotated[str, typer.Option("--format", help="pdf, svg, wfdb, edf or dicom.")]
Output = Annotated[Path | None, typer.Option(help="File to write; unset: one named after the ID.")]


def export(
    resource: Resource,
    form: FormName = "pdf",
    output: Output = None,
    server: plan.Server = None,
    token: plan.Token = None,
    data_dir: DataDir = None,
) -> None:
    """Fetch a report or a strip as paper, or a report's signal as a file."""
    settings = read_settings(data_dir=data_dir)
    from core.errors import Incorrect
    from core.formats import Format
    from hisbundle.address import own_url
    from hisbundle.fetch import fetch
    from hisbundle.tokens import development_token

    if form not in set(Format):
        raise Incorrect(f"--format is one of {', '.join(Format)}")
    wanted = Format(form)
    name = resource.rpartition("/")[2]
    path = output or Path(name + wanted.file_name)
    fetch(server or own_url(settings), token or development_token(settings), name, wanted, path)
    typer.echo(str(path))
