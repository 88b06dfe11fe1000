"""Provenance in exports of patients: that of the service's own results."""

import pytest

from core.local_vault import LocalVault
from store.database import Database
from tests.api.bulk.support import export
from tests.api.exhibits import exhibit
from tests.api.support import Client


@pytest.mark.parametrize("path", ["Patient/$export", "$export"])
async def test_where_results_come_from_is_told_with_them(
    client: Client, database: Database, vault: LocalVault, path: str
) -> None:
    await exhibit(database, vault)
    made = await export(client, database, path)
    results = {
        f"{name}/{line['id']}"
        for name in ("Observation", "DiagnosticReport", "Flag", "DocumentReference")
        for line in made.lines[name]
    }
    targets = [each["reference"] for line in made.lines["Provenance"] for each in line["target"]]
    assert set(targets) == results
    without = await export(client, database, f"{path}?_type=Observation")
    assert "Provenance" not in without.lines
