"""Migrations against the tables that the code uses."""

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, inspect, text

from hisbundle.migrate import alembic_config, migrate
from store.database import Database
from store.tables import metadata


def _differences(connection: Connection) -> list[object]:
    context = MigrationContext.configure(
        connection, opts={"compare_server_default": True, "compare_type": True}
    )
    return list(compare_metadata(context, metadata))


async def test_the_migrated_schema_is_the_tables(database: Database) -> None:
    async with database.transaction() as tx:
        assert await tx.run_sync(_differences) == []


@pytest.mark.parametrize(
    ("table", "column"), [("chunk", "frame"), ("analysis_cursor", "state"), ("gap", "state")]
)
async def test_what_does_not_compress_is_stored_as_it_is(
    database: Database, table: str, column: str
) -> None:
    async with database.transaction() as tx:
        storage = await tx.execute(
            text(
                "SELECT attstorage FROM pg_attribute"
                " WHERE attrelid = CAST(:table AS regclass) AND attname = :column"
            ),
            {"table": table, "column": column},
        )
        assert storage.scalar_one() in (b"e", "e")


async def test_downgrade_leaves_nothing_and_upgrade_works_again(
    database: Database, database_url: str
) -> None:
    async with database.transaction() as tx:
        await tx.run_sync(lambda sync: command.downgrade(alembic_config(sync), "base"))
        left = await tx.run_sync(lambda sync: inspect(sync).get_table_names())
        assert left == ["alembic_version"]
    await migrate(database_url)
    async with database.transaction() as tx:
        assert await tx.run_sync(_differences) == []
