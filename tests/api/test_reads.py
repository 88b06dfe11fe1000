import pytest

from fhir.search.indexing import draft
from store.database import Database
from store.resources import Draft, put_many
from tests.api.support import BASE, Client, heart_rate, ids, link, patient, store

MISSING = [
    "Patient/p2",
    "Patient/p1/_history/2",
    "Patient/p1/_history/x",
    "Patient/p1/_history/0",
    "Patient/a%00b",
    "Patient/p2/_history",
    "Patient/" + "a" * 65,
    "Unicorn/1",
    "Unicorn",
    "Patient/p1/x",
]
ACCEPTED = {
    "application/fhir+json": 200,
    "application/json;q=0.9, text/html": 200,
    "*/*": 200,
    "application/fhir+xml": 200,
    "text/html": 406,
    "application/fhir+json; fhirVersion=5.0": 406,
    "application/fhir+xml; charset=utf-16, text/turtle": 406,
}


@pytest.fixture
async def stored(database: Database) -> None:
    await store(database, patient("p1", gender="female"))


@pytest.mark.usefixtures("stored")
class TestRead:
    async def test_gives_the_resource_with_its_version(self, client: Client) -> None:
        answer = await client.get("Patient/p1")
        body = answer.json()
        assert body["gender"] == "female"
        assert body["meta"]["versionId"] == "1"
        assert body["meta"]["lastUpdated"].endswith("Z")
        assert answer.headers["etag"] == 'W/"1"'
        assert answer.headers["last-modified"].endswith("GMT")
        assert answer.headers["content-type"] == "application/fhir+json; charset=utf-8"

    async def test_304_for_a_version_that_the_client_holds(self, client: Client) -> None:
        for tag in ('W/"1"', '"1"', "*", 'W/"7", W/"1"'):
            answer = await client.get("Patient/p1", 304, headers={"If-None-Match": tag})
            assert answer.content == b""
            assert answer.headers["etag"] == 'W/"1"'

    async def test_not_304_for_another_version(self, client: Client) -> None:
        await client.get("Patient/p1", headers={"If-None-Match": 'W/"2"'})

    async def test_if_modified_since(self, client: Client) -> None:
        stamp = (await client.get("Patient/p1")).headers["last-modified"]
        await client.get("Patient/p1", 304, headers={"If-Modified-Since": stamp})
        old = "Sat, 01 Jan 2000 00:00:00 GMT"
        await client.get("Patient/p1", headers={"If-Modified-Since": old})
        await client.get("Patient/p1", headers={"If-Modified-Since": "yesterday"})

    async def test_pretty_has_lines(self, client: Client) -> None:
        assert b"\n" in (await client.get("Patient/p1?_pretty=true")).content
        bundle = (await client.get("Patient?_pretty=true")).text
        assert '\n        "resourceType": "Patient"' in bundle
        assert b"\n" not in (await client.get("Patient/p1")).content

    async def test_head(self, client: Client) -> None:
        answer = await client.send("HEAD", f"{BASE}/Patient/p1", 200)
        assert answer.headers["etag"] == 'W/"1"'

    async def test_404(self, client: Client) -> None:
        for path in MISSING:
            await client.get(path, 404)

    async def test_the_base_takes_bundles_only(self, client: Client) -> None:
        for path in ("/fhir", "/fhir/"):
            assert (await client.get(path, 405)).headers["allow"] == "POST"

    async def test_405(self, client: Client) -> None:
        for method in ("POST", "TRACE"):
            answer = await client.send(method, f"{BASE}/Patient/p1", 405)
            assert "GET" in answer.headers["allow"]

    async def test_unknown_parameter(self, client: Client) -> None:
        await client.get("Patient/p1?_fields=name", 400)
        lenient = {"Prefer": "handling=lenient"}
        await client.get("Patient/p1?_fields=name", headers=lenient)

    async def test_accept(self, client: Client) -> None:
        for accept, status in ACCEPTED.items():
            await client.get("Patient/p1", status, headers={"Accept": accept})

    async def test_format_counts_before_accept(self, client: Client) -> None:
        await client.get("Patient/p1?_format=html", 406)
        xml = {"Accept": "application/fhir+xml"}
        for plus in ("%2B", "+"):
            path = f"Patient/p1?_format=application/fhir{plus}json"
            assert (await client.get(path, headers=xml)).json()["id"] == "p1"


class TestVersions:
    @pytest.fixture(autouse=True)
    async def five(self, database: Database) -> None:
        for value in range(5):
            await store(database, heart_rate("o1", value=60 + value))

    async def test_vread_gives_each(self, client: Client) -> None:
        for version in range(1, 6):
            answer = await client.get(f"Observation/o1/_history/{version}")
            assert answer.json()["valueQuantity"]["value"] == 59 + version
            assert answer.json()["meta"]["versionId"] == str(version)
            assert answer.headers["etag"] == f'W/"{version}"'

    async def test_vread_of_what_the_client_holds(self, client: Client) -> None:
        answer = await client.get("Observation/o1/_history/2")
        known = {"If-None-Match": answer.headers["etag"]}
        await client.get("Observation/o1/_history/2", 304, headers=known)
        await client.get("Observation/o1/_history/3", headers=known)

    async def test_history_is_paged_newest_first(self, client: Client) -> None:
        url: str | None = "Observation/o1/_history?_count=2"
        versions = []
        while url is not None:
            bundle = (await client.get(url)).json()
            versions.append([entry["resource"]["meta"]["versionId"] for entry in bundle["entry"]])
            url = link(bundle, "next")
        assert versions == [["5", "4"], ["3", "2"], ["1"]]

    async def test_history_refuses_what_it_does_not_know(self, client: Client) -> None:
        for query in ("code=1", "_count=0", "_count=x", "_cursor=x", "_cursor=AAAA"):
            await client.get(f"Observation/o1/_history?{query}", 400)

    async def test_a_deleted_resource_is_gone_but_its_history_stays(
        self, client: Client, database: Database
    ) -> None:
        async with database.transaction() as tx:
            await put_many(tx, [Draft("Observation", "o1", None)])
        await client.get("Observation/o1", 410)
        await client.get("Observation/o1/_history/6", 410)
        await client.get("Observation/o1/_history/5")
        assert await client.ids("Observation") == []
        bundle = (await client.get("Observation/o1/_history")).json()
        assert bundle["entry"][0]["request"]["method"] == "DELETE"
        assert "resource" not in bundle["entry"][0]
        async with database.transaction() as tx:
            await put_many(tx, [draft(heart_rate("o1"))])
        assert (await client.get("Observation/o1")).json()["meta"]["versionId"] == "7"
        assert ids((await client.get("Observation")).json()) == ["o1"]
