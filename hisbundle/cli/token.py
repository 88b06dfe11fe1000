"""``hisbundle token``."""

from typing import Annotated

import typer

from hisbundle.cli.common import DataDir, read_settings

Scopes = Annotated[
    list[str] | None,
    typer.Option("--scope", help="SMART scope to grant; may be given several times."),
]
Life = Annotated[int | None, typer.Option(help="Life of the token, seconds.", min=1)]


def token(scope: Scopes = None, life_s: Life = None, data_dir: DataDir = None) -> None:
    """Print a bearer token for development, signed with this data folder's key."""
    settings = read_settings(data_dir=data_dir, token_life_s=life_s)
    from hisbundle.tokens import development_token

    typer.echo(development_token(settings, scope))
