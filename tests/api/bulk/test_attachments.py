from core.local_vault import LocalVault
from store.database import Database
from tests.api.bulk.support import export
from tests.api.exhibits import exhibit
from tests.api.support import BASE, Client


async def test_addresses_of_files_are_absolute(
    client: Client, database: Database, vault: LocalVault
) -> None:
    await exhibit(database, vault)
    made = await export(client, database, "$export?_type=DiagnosticReport,DocumentReference")
    papers = [form for report in made.lines["DiagnosticReport"] for form in report["presentedForm"]]
    contents = [each for file in made.lines["DocumentReference"] for each in file["content"]]
    found = [*papers, *(content["attachment"] for content in contents)]
    assert len(papers) >= 2
    assert len(found) > len(papers)
    for attachment in found:
        assert attachment["url"].startswith(f"{BASE}/Binary/")
        answer = await client.get(attachment["url"])
        assert answer.headers["content-type"].startswith(attachment["contentType"])
