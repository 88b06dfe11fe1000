"""``hisbundle reindex``: all resources, once more."""

from pathlib import Path

from sqlalchemy import text

from fhir.search.indexing import draft
from store.database import Database
from store.resources import put_many
from tests.api.support import heart_rate
from tests.hisbundle.processes import command


async def test_all_are_indexed_again(database: Database, database_url: str, tmp_path: Path) -> None:
    async with database.transaction() as tx:
        await put_many(tx, [draft(heart_rate("a"))])
        await tx.execute(text("DELETE FROM resource_quantity"))
    options = {"database_url": database_url, "data_dir": tmp_path}
    for _ in range(2):
        status, out, err = await command("reindex", **options)
        assert (status, out.splitlines()[-1]) == (0, "1 resources indexed"), err
    async with database.transaction() as tx:
        rows = await tx.execute(text("SELECT param FROM resource_quantity"))
        assert "value-quantity" in {row.param for row in rows}
