"""The schema brought up to date: Alembic, run in process, one process at a time."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, text

from store.database import Database

MIGRATIONS = Path(__file__).resolve().parents[1] / "migrations"
TIMEOUT_S = 3600.0
_LOCK = 0x4543_4753_4348_454D  # any fixed number that no other user of the database takes


def alembic_config(connection: Connection) -> Config:
    """Alembic's settings, the same from any working directory."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


async def migrate(url: str, revision: str = "head") -> None:
    """Upgrade the database at ``url`` (postgresql://…) to ``revision``; concurrent calls queue.

    All steps and the advisory lock are one transaction: it happens whole or not at all.
    https://www.postgresql.org/docs/current/explicit-locking.html#ADVISORY-LOCKS
    """
    database = Database(url, TIMEOUT_S)
    try:
        async with database.transaction() as tx:
            await tx.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
            await tx.run_sync(_upgrade, revision)
    finally:
        await database.close()


def _upgrade(connection: Connection, revision: str) -> None:
    command.upgrade(alembic_config(connection), revision)
