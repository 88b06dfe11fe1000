"""``hisbundle evaluate``."""

import os
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer

from hisbundle.cli.bars import bars

Data = Annotated[Path, typer.Argument(help="Folder of WFDB records with atr annotations.")]
Out = Annotated[Path, typer.Option(help="Where report.json, report.html and the cache go.")]
Records = Annotated[str, typer.Option(help="Names, with commas between; unset: all records.")]
Card = Annotated[Path | None, typer.Option(help="Where the model card goes; unset: beside them.")]
Jobs = Annotated[int | None, typer.Option(help="Processes at once; unset: one a core.", min=1)]
Quick = Annotated[bool, typer.Option("--quick", help="A few records only.")]

MOST_JOBS = 8


def evaluate(
    data_dir: Data,
    out: Out = Path(".hisbundle/evaluation"),
    records: Records = "",
    quick: Quick = False,
    card: Card = None,
    jobs: Jobs = None,
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
        work(
            data_dir,
            out,
            names,
            quick=quick,
            progress=progress,
            tell=typer.echo,
            jobs=jobs or min(os.cpu_count() or 1, MOST_JOBS),
            card_path=card,
        )
    typer.echo(f"\nWrote {out / 'report.html'}, report.json and the model card")
