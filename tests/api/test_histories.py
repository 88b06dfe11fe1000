"""History of one resource, of a type, of all: pages, times, and what scopes let be seen."""

from collections.abc import Sequence

import pytest

from fhir.search.indexing import draft
from fhir.values import Json
from store.database import Database
from store.resources import Draft, put_many
from tests.api.conftest import Scoped
from tests.api.support import BASE, Client, heart_rate, link, patient, store, strip

Seen = list[tuple[str, str]]


def seen(bundle: Json) -> Seen:
    """Each version's place and number, deletions too."""
    return [
        (entry["request"]["url"], entry["response"]["etag"]) for entry in bundle.get("entry", ())
    ]


async def every(client: Client, path: str) -> Seen:
    found: Seen = []
    url: str | None = path
    while url is not None:
        bundle = (await client.get(url)).json()
        found += seen(bundle)
        url = link(bundle, "next")
        assert url is None or url.startswith(BASE)
    return found


async def delete(database: Database, body: Json) -> None:
    async with database.transaction() as tx:
        await put_many(tx, [Draft(body["resourceType"], body["id"], None, draft(body).index)])


@pytest.fixture
async def stamps(database: Database) -> list[str]:
    """Patient/p1 and an observation, which changes, goes and comes again."""
    bodies: Sequence[Json] = (patient("p1"), heart_rate("o"), heart_rate("o", value=80))
    stored = [(await store(database, body))[0] for body in bodies]
    await delete(database, heart_rate("o"))
    stored += await store(database, heart_rate("o", value=90))
    stored += await store(database, strip("s"))
    return [s.last_updated.isoformat(timespec="milliseconds") for s in stored]


OBSERVATIONS: Seen = [
    ("Observation/s", 'W/"1"'),
    ("Observation/o", 'W/"4"'),
    ("Observation/o", 'W/"3"'),
    ("Observation/o", 'W/"2"'),
    ("Observation/o", 'W/"1"'),
]
ALL = [*OBSERVATIONS, ("Patient/p1", 'W/"1"')]


@pytest.mark.usefixtures("stamps")
async def test_versions_come_newest_first_in_pages(client: Client) -> None:
    for count in (1, 2, 4, 100):
        assert await every(client, f"_history?_count={count}") == ALL
        assert await every(client, f"Observation/_history?_count={count}") == OBSERVATIONS
        assert await every(client, f"Observation/o/_history?_count={count}") == OBSERVATIONS[1:]
    assert await every(client, "Flag/_history") == []
    bundle = (await client.get("Observation/_history?_pretty=true")).json()
    assert bundle["meta"]["lastUpdated"] == bundle["entry"][0]["resource"]["meta"]["lastUpdated"]
    assert "resource" not in bundle["entry"][2]
    assert bundle["entry"][2]["request"]["method"] == "DELETE"


async def test_since_and_at(client: Client, stamps: list[str]) -> None:
    since = await every(client, f"_history?_since={stamps[2]}&_count=2")
    assert since == ALL[:4]
    at = stamps[1]
    assert await every(client, f"Observation/_history?_at={at}") == OBSERVATIONS[-1:]
    assert await every(client, f"Observation/o/_history?_at={at}") == OBSERVATIONS[-1:]
    assert await every(client, f"_history?_at={stamps[1]}") == ALL[-2:]
    assert len(await every(client, f"_history?_at={stamps[1][:4]}")) == len(ALL)
    assert await every(client, "_history?_at=2020") == []
    assert await every(client, "Observation/o/_history?_since=2999") == []
    await client.get("Observation/x/_history?_since=2999", 404)


@pytest.mark.usefixtures("stamps")
async def test_what_cannot_be_carried_out_is_refused(client: Client) -> None:
    queries = ("code=1", "_count=0", "_count=x", "_cursor=x", "_cursor=AAAA", "_since=x", "_at=9x",
               "_since=2026&_since=2027", "_pretty=x", "_at=2026-13", "_since=")  # fmt: skip
    for path in ("_history", "Observation/_history", "Observation/o/_history"):
        for query in queries:
            await client.get(f"{path}?{query}", 400)
    await client.get("_history?code=1", headers={"Prefer": "handling=lenient"})
    await client.get("_history?_format=csv", 406)
    # A cursor is of one history.
    first = (await client.get("Observation/_history?_count=1")).json()
    other = str(link(first, "next")).replace("Observation/_history", "Patient/_history")
    await client.get(other, 400)


@pytest.mark.usefixtures("stamps")
async def test_scopes_say_what_is_seen(with_scopes: Scoped) -> None:
    patients = with_scopes("system/Patient.r")
    assert await every(patients, "_history") == [("Patient/p1", 'W/"1"')]
    await patients.get("Observation/_history", 403)
    await with_scopes("system/Observation.s", "hisbundle/metrics").get("_history", 403)
    narrow = with_scopes("system/Observation.rs?category=vital-signs", "system/Patient.rs")
    kept = [version for n, version in enumerate(ALL) if n not in (0, 2)]
    for count in (1, 2, 10):  # no strip, and no word of the deletion
        assert await every(narrow, f"_history?_count={count}") == kept
        assert await every(narrow, f"Observation/_history?_count={count}") == kept[:-1]


async def test_a_request_looks_at_so_many_versions(
    with_scopes: Scoped, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    await store(database, heart_rate("o"))
    await store(database, *[strip(f"s{n}") for n in range(12)])
    monkeypatch.setattr("api.histories.EXAMINED_MAX", 4)
    narrow = with_scopes("system/Observation.rs?category=vital-signs")
    page = (await narrow.get("Observation/_history?_count=1")).json()
    assert "entry" not in page
    assert await every(narrow, "Observation/_history?_count=1") == [("Observation/o", 'W/"1"')]
