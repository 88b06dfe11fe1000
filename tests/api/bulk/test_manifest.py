"""What the manifest says of an order by POST."""

from store.database import Database
from tests.api.bulk.support import export
from tests.api.support import BASE, Client, patient, store


async def test_the_request_of_a_post_is_its_address_alone(
    client: Client, database: Database
) -> None:
    await store(database, patient("p1"))
    body = {
        "resourceType": "Parameters",
        "parameter": [{"name": "_type", "valueString": "Patient"}],
    }
    made = await export(client, database, "Patient/$export", method="POST", json=body)
    assert made.ids("Patient") == ["p1"]
    assert made.manifest["request"] == f"{BASE}/Patient/$export"
