"""``hisbundle audit``: what an operator sees of a whole, a changed and a cut trail."""

from pathlib import Path

from store import audit
from store.database import Database
from tests.hisbundle.processes import command
from tests.store.test_audit import ENTRY, tamper


async def test_head_and_verify(database: Database, database_url: str, tmp_path: Path) -> None:
    options = {"database_url": database_url, "data_dir": tmp_path}
    async with database.connection() as connection:
        for _ in range(3):
            made = await audit.append(connection, [ENTRY, ENTRY])
    status, head, err = await command("audit", "head", **options)
    assert (status, head.strip()) == (0, str(made)), err
    status, out, err = await command("audit", "verify", "--head", head.strip(), **options)
    assert (status, err) == (0, "")
    assert out.startswith(f"3 batches, 6 entries, head {made}\n")

    await tamper(database, "DELETE FROM audit_entry WHERE batch = 3",
                 "DELETE FROM audit_batch WHERE number = 3")  # fmt: skip
    assert (await command("audit", "verify", **options))[0] == 0
    status, _, err = await command("audit", "verify", "--head", head.strip(), **options)
    assert (status, err.startswith("broken: the remembered head 3:")) == (1, True), err

    await tamper(database, "UPDATE audit_entry SET client = 'x' WHERE seq = 3")
    status, out, err = await command("audit", "verify", **options)
    assert (status, err.startswith("broken: batch 2: ")) == (1, True), err
    assert out.startswith("1 batches, 2 entries, ")
    assert (await command("audit", "verify", "--head", "3:abc", **options))[0] == 2
