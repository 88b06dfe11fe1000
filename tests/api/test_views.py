"""_summary and _elements of searches and reads."""

from dataclasses import replace

import pytest
from fastapi import FastAPI

from fhir.search.indexing import draft
from fhir.search.subset import SUBSETTED
from fhir.values import Json
from store.database import Database
from store.resources import put_many
from tests.api.support import Client, heart_rate, link, patient, store, strip


@pytest.fixture(autouse=True)
async def stored(database: Database) -> None:
    text = {"status": "generated", "div": '<div xmlns="http://www.w3.org/1999/xhtml">Jane</div>'}
    jane = patient("p1", text=text, name=[{"text": "Jane"}], birthDate="1970-05-17")
    await store(database, jane, heart_rate("hr1"), strip("s1"))


async def _one(client: Client, path: str) -> Json:
    body: Json = (await client.get(path)).json()
    if body["resourceType"] == "Bundle":
        (entry, *_) = body["entry"]
        found: Json = entry["resource"]
        return found
    return body


@pytest.mark.parametrize("path", ["Patient?_id=p1&", "Patient/p1?", "Patient/p1/_history/1?"])
async def test_parts(client: Client, path: str) -> None:
    head = {"resourceType", "id", "meta"}
    told = {query: await _one(client, path + query) for query in (
        "_summary=false", "_summary=true", "_summary=text", "_summary=data", "_elements=birthDate",
    )}  # fmt: skip
    assert told["_summary=false"].keys() == head | {"text", "identifier", "name", "birthDate"}
    assert "tag" not in told["_summary=false"]["meta"]
    assert told["_summary=true"].keys() == head | {"identifier", "name", "birthDate"}
    assert told["_summary=text"].keys() == head | {"text"}
    assert told["_summary=data"].keys() == head | {"identifier", "name", "birthDate"}
    assert told["_elements=birthDate"].keys() == head | {"birthDate"}
    for query, body in told.items():
        assert body["meta"]["versionId"] == "1"
        assert (SUBSETTED in body["meta"].get("tag", [])) == (query != "_summary=false")


async def test_a_read_refuses_what_it_cannot_tell(client: Client) -> None:
    for query in (
        "_summary=count", "_summary=perhaps", "_elements=unicorn", "_summary=true&_elements=name",
        "_summary=true&_summary=data", "_include=Patient:link",
    ):  # fmt: skip
        await client.get(f"Patient/p1?{query}", 400)


async def test_elements_are_of_matches_and_summaries_of_all(client: Client) -> None:
    bundle = (
        await client.get("Observation?_id=hr1&_include=Observation:subject&_elements=value")
    ).json()
    rate, person = [entry["resource"] for entry in bundle["entry"]]
    assert rate.keys() == {"resourceType", "id", "meta", "status", "code", "valueQuantity"}
    assert "birthDate" in person
    assert "tag" not in person["meta"]
    bundle = (
        await client.get("Observation?_id=hr1&_include=Observation:subject&_summary=true")
    ).json()
    assert all("tag" in entry["resource"]["meta"] for entry in bundle["entry"])


async def test_chunks_are_opened_only_for_samples_that_are_told(
    client: Client, app: FastAPI, database: Database
) -> None:
    async with database.transaction() as tx:
        await put_many(tx, [draft(strip("s2"), {"session": 1, "first_sample": 0, "n_samples": 1})])
    app.state.site = replace(app.state.site, strips=None)  # whoever opens chunks fails
    for query in ("_summary=true", "_summary=text", "_elements=code,effective"):
        await client.get(f"Observation?_id=s2&{query}")
        await client.get(f"Observation/s2?{query}")
    await client.get("Observation?_id=s2&_elements=component", 500)
    await client.get("Observation/s2?_summary=data", 500)


async def test_the_count_alone(client: Client) -> None:
    bundle = (await client.get("Observation?_summary=count&_include=Observation:subject")).json()
    assert bundle["total"] == 2
    assert "entry" not in bundle
    bundle = (await client.get("Observation?_summary=true&_count=1")).json()
    following = link(bundle, "next")
    assert following is not None
    assert "_summary=true" in following
