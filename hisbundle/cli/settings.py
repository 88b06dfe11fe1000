"""``hisbundle settings``."""

import typer

from hisbundle.cli.common import read_settings


def settings() -> None:
    """Print every setting: its environment variable, value and meaning; secrets are masked."""
    current = read_settings()
    for name, field in type(current).model_fields.items():
        value = getattr(current, name)
        shown = ", ".join(sorted(value)) if isinstance(value, frozenset) else value
        typer.echo(f"HISBUNDLE_{name.upper()} = {'' if shown is None else shown}")
        typer.echo(f"    {field.description}")
