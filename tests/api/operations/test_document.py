import pytest

from core.local_vault import LocalVault
from store.database import Database
from tests.api.conftest import Scoped
from tests.api.exhibits import Exhibit, exhibit
from tests.api.support import BASE, Client


@pytest.fixture
async def shown(database: Database, vault: LocalVault) -> Exhibit:
    return await exhibit(database, vault)


async def test_a_report_travels_with_all_that_it_speaks_of(client: Client, shown: Exhibit) -> None:
    name = shown.report["id"]
    bundle = (await client.get(f"DiagnosticReport/{name}/$document")).json()
    assert bundle["type"] == "document"
    first, *others = [entry["resource"] for entry in bundle["entry"]]
    assert first["resourceType"] == "Composition"
    assert first["status"] == "final"
    assert first["subject"] == shown.report["subject"]
    assert others[0]["id"] == name
    inside = {f"{each['resourceType']}/{each['id']}" for each in others}
    assert shown.report["subject"]["reference"] in inside
    assert shown.report["result"][0]["reference"] in inside
    for section in first["section"]:
        assert {entry["reference"] for entry in section["entry"]} <= inside


async def test_a_post_is_the_same(client: Client, shown: Exhibit) -> None:
    path = f"{BASE}/DiagnosticReport/{shown.report['id']}/$document"
    posted = (await client.send("POST", path, 200)).json()
    got = (await client.get(path)).json()
    assert [each["fullUrl"] for each in posted["entry"][1:]] == [
        each["fullUrl"] for each in got["entry"][1:]
    ]
    asked = {"resourceType": "Parameters", "parameter": [{"name": "a", "valueString": "b"}]}
    headers = {"Content-Type": "application/fhir+json"}
    await client.send("POST", path, 400, json=asked, headers=headers)


async def test_what_may_not_be_seen_is_left_out(with_scopes: Scoped, shown: Exhibit) -> None:
    client = with_scopes("system/DiagnosticReport.r", "system/Patient.r")
    bundle = (await client.get(f"DiagnosticReport/{shown.report['id']}/$document")).json()
    types = [entry["resource"]["resourceType"] for entry in bundle["entry"]]
    assert types == ["Composition", "DiagnosticReport", "Patient"]


async def test_there_is_no_document_of_what_is_not_there(client: Client) -> None:
    await client.get("DiagnosticReport/nobody/$document", 404)
