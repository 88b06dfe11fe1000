"""``hisbundle evaluate``."""

from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer

from hisbundle.cli.bars import bars

Data = Annotated[Path, typer.Argument(help="Folder of WFDB records with atr annotations.")]
Out = Annotated[Path, typer.Option(help="Where report.json, report.html and the cache go.")]
Records = Annotated[str, typer.Option(help="Names, with commas between; unset: all records.")]
Card = Annotated[Path | None, typer.Option(help="Where the model card goes; unset: beside them.")]
Quick = Annotated[bool, typer.Option("--quick", help="A few records only.")]


def evaluate(
    data_dir: Data,
    out: Out = Path(".hisbundle/evaluation"),
    records: Records = "",
    quick: Quick = False,
    card: Card = None,
) -> None:
    """Score detector, classifier and rhythm on annotated records, beside others."""
    from core.errors import Incorrect

    if not any(data_dir.glob("*.hea")):
        raise Incorrect(f"no WFDB records in {data_dir}")
    if find_spec("sleepecg") is None:
        raise Incorrect("evaluating needs the development packages (make test)")
    from model.evaluation.run import evaluate as work

    names = [name.strip() for name in records.split(",") if name.strip()]
    with bars() as progress:
        work(data_dir, out, names, quick=quick, progress=progress, tell=typer.echo, card_path=card)
    typer.echo(f"\nWrote {out / 'report.html'}, report.json and the model card")
