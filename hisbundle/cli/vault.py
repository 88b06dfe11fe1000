"""``hisbundle vault``."""

from enum import StrEnum
from typing import Annotated

import typer

from hisbundle.cli.common import DataDir, read_settings, run

vault = typer.Typer(help="Where the keys of devices and service are wrapped.", no_args_is_help=True)


class To(StrEnum):
    """The vault that keys are moved to."""

    KMS = "kms"
    LOCAL = "local"


@vault.callback()
def main() -> None:
    """Where the keys of devices and service are wrapped."""


@vault.command()
def migrate(
    to: Annotated[To, typer.Option(help="kms: AWS KMS and Parameter Store; local: a key file.")],
    data_dir: DataDir = None,
) -> None:
    """Move every key to the other vault. Stop the service first; run it again if it breaks off.

    Each key is opened in the new vault before the old wrapping is replaced. The old vault's own
    key is left where it is.
    """
    settings = read_settings(data_dir=data_dir)
    from core.settings import VaultKind
    from hisbundle.parts import open_vault
    from hisbundle.reach import open_database
    from hisbundle.vaults import Moved, move

    target = VaultKind.AWS if to is To.KMS else VaultKind.LOCAL
    source = VaultKind.LOCAL if to is To.KMS else VaultKind.AWS

    async def work() -> Moved:
        async with open_database(settings) as database:
            return await move(database, open_vault(settings, source), open_vault(settings, target))

    done = run(work())
    typer.echo(f"{done.n_moved} keys moved, {done.n_there} were there; all open in the new vault")
    typer.echo(f"start the service with HISBUNDLE_VAULT={target.value}")
