"""The trail tells what the entries of a Bundle asked for; reading the trail itself above all."""

from store.database import Database
from tests.api.audit.support import trail
from tests.api.support import BASE, Client, patient, store


async def test_entries_are_told_each_in_its_share(client: Client, database: Database) -> None:
    await store(database, patient("p1"))
    urls = ["AuditEvent?entity=Patient/p1", "Patient?name=" + "x" * 40_000, "Patient/p1"]
    entries = [{"request": {"method": "GET", "url": url}} for url in urls]
    sent = {"resourceType": "Bundle", "type": "batch", "entry": entries}
    await client.send("POST", BASE, 200, json=sent)
    told = [each.request.decode() for each in await trail(database) if each.status is not None]
    lines = told[-1].split("\r\n")
    assert lines[2] == "GET AuditEvent?entity=Patient/p1"
    assert lines[3].startswith("GET Patient?name=xxx")
    assert lines[4] == "GET Patient/p1"
