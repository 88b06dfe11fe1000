"""What is not an export that can be carried out, and what is told instead."""

from typing import Any

import httpx
import pytest

from store.database import Database
from tests.api.bulk.conftest import Named
from tests.api.bulk.support import ASYNC, export, group, member, order, work
from tests.api.conftest import Scoped
from tests.api.support import Client, flag, patient, store

LENIENT = ASYNC | {"Prefer": "respond-async, handling=lenient"}


def told(answer: httpx.Response) -> str:
    return str(answer.json()["issue"][0]["diagnostics"])


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ("_type=Unicorn", "'Unicorn' is no resource type that is exported here"),
        ("_type=Binary", "'Binary' is no resource type"),
        ("_type=Flag,", "_type: names"),
        ("_outputFormat=text/csv", "_outputFormat: application/fhir+ndjson"),
        ("_outputFormat=ndjson&_outputFormat=ndjson", "_outputFormat is given twice"),
        ("_since=yesterday", "_since: not a date"),
        ("_since=2026-01-01&_since=2026-01-01", "_since is given twice"),
        ("_elements=id", "no parameter '_elements'"),
        ("includeAssociatedData=LatestProvenanceResources", "no parameter 'includeAssociated"),
        ("patient=Patient/p1", "patient: name patients by POST"),
        ("_typeFilter=status=active", "_typeFilter: not a search"),
        ("_typeFilter=Flag?", "_typeFilter: not a search"),
        ("_typeFilter=Unicorn?x=1", "'Unicorn' is no resource type"),
        ("_typeFilter=Flag?colour=red", "no search parameter 'colour'"),
        ("_typeFilter=Flag?_sort=_id", "_sort says nothing of a resource"),
        ("_typeFilter=Flag?status=active&_type=Patient", "Flag is not among _type"),
        ("_typeFilter=" + ",".join(["Flag?status=active"] * 21), "more than 20 searches"),
        ("_typeFilter=Flag?status=" + "a" * 8001, "more than 8000 characters"),
        ("_typeFilter=Flag?status=%2500", "a character that no text may contain"),
    ],
)
async def test_parameters(client: Client, asked: str, words: str) -> None:
    assert words in told(await client.get(f"$export?{asked}", 400, headers=ASYNC))


async def test_headers(client: Client) -> None:
    assert "Prefer: respond-async" in told(await client.get("$export", 400))
    assert "Prefer" in told(await client.get("$export", 400, headers={"Prefer": "respond-later"}))
    await client.get("$export", 406, headers=ASYNC | {"Accept": "text/csv"})
    await client.get("$export", 202, headers={"Prefer": "handling=lenient"})
    lenient = await client.get("$export?_elements=id", 202, headers=LENIENT)
    assert "left out: _elements" in told(lenient)


@pytest.mark.parametrize(
    "body",
    [
        [],
        {"resourceType": "Patient"},
        {"resourceType": "Parameters", "parameter": {}},
        {"resourceType": "Parameters", "parameter": [1]},
        {"resourceType": "Parameters", "parameter": [{"name": "patient"}]},
        {"resourceType": "Parameters", "parameter": [{"name": "_since", "valueInteger": 1}]},
        {"resourceType": "Parameters", "parameter": [{"name": "patient", "valueString": "?"}]},
        {"resourceType": "Parameters", "parameter": [{"name": "patient", "valueReference": {}}]},
    ],
)
async def test_bodies(client: Client, body: Any) -> None:
    await client.send("POST", "Patient/$export", 400, headers=ASYNC, json=body)


async def test_other_bodies(client: Client) -> None:
    await client.send("POST", "$export", 415, headers=ASYNC, data={"_type": "Flag"})
    await client.send("POST", "$export", 413, headers=ASYNC, content=b" " * (2 << 20))
    await client.send("POST", "$export", 202, headers=ASYNC)


async def test_people(client: Client, database: Database) -> None:
    await store(database, patient("p1"), patient("p2"), group("g", member("p1")))

    def named(*names: str) -> Any:
        found = [
            {"name": "patient", "valueReference": {"reference": f"Patient/{n}"}} for n in names
        ]
        return {"headers": ASYNC, "json": {"resourceType": "Parameters", "parameter": found}}

    assert "no Patient/p9" in told(
        await client.send("POST", "Patient/$export", 400, **named("p1", "p9"))
    )
    assert "no member" in told(
        await client.send("POST", "Group/g/$export", 400, **named("p1", "p2"))
    )
    assert "Patient/$export" in told(await client.send("POST", "$export", 400, **named("p1")))
    assert "exported here" in told(
        await client.get("Patient/$export?_type=Group", 400, headers=ASYNC)
    )
    await client.get("Group/h/$export", 404, headers=ASYNC)
    await client.get("Group/_/$export", 404, headers=ASYNC)


async def test_types_beyond_the_scopes(with_scopes: Scoped, database: Database) -> None:
    await store(database, patient("p1"), flag("f1", "p1", "active", "2026-03-01"))
    await store(database, group("g", member("p1")))
    flags = with_scopes("system/Flag.rs", "system/Observation.r", "system/Patient.s")
    assert set((await export(flags, database)).lines) == {"Flag"}
    await flags.get("$export?_type=Flag,Patient", 403, headers=ASYNC)
    await flags.get("$export?_typeFilter=Patient%3F_id%3Dp1", 403, headers=ASYNC)
    await flags.get("Group/g/$export", 403, headers=ASYNC)
    await with_scopes("system/Device.c").get("$export", 403, headers=ASYNC)
    await with_scopes("system/Group.rs").get("Patient/$export", 403, headers=ASYNC)
    searcher = with_scopes("system/Patient.s")
    assert (await export(searcher, database, "Patient?_id=p1")).ids("Patient") == ["p1"]


async def test_a_client_has_so_many_jobs(named: Named, database: Database) -> None:
    one, other = named("one"), named("other")
    running = [await order(one, "$export") for _ in range(5)]
    refused = await one.get("$export", 429, headers=ASYNC)
    assert "5 of your jobs are running" in told(refused)
    assert int(refused.headers["retry-after"]) > 0
    await order(other, "$export")
    await one.send("DELETE", running[0], 202)
    await order(one, "$export")
    await work(database)
    await order(one, "$export")
