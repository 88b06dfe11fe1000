"""What US Core's resources are read by, what they refer to, and what comes along with them."""

from collections.abc import Iterator
from typing import Any

import pytest

from fhir.values import Json, reference
from store.database import Database
from tests.api.support import BASE, Client, ids, patient, store
from tests.api.uscore.seeds import NOON, SEEDS

ALL: list[Json] = [
    *(seed.wanted for seed in SEEDS.values()),
    {
        "resourceType": "Provenance",
        "id": "origin",
        "target": [reference("Encounter", "stay"), reference("DiagnosticReport", "note")],
        "recorded": NOON,
        "agent": [{"who": reference("Practitioner", "doctor")}],
    },
]


@pytest.fixture(autouse=True)
async def hospital(database: Database) -> None:
    await store(database, *ALL, patient("p2"))


def _references(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if isinstance(node.get("reference"), str):
            yield node["reference"]
        node = list(node.values())
    if isinstance(node, list):
        for each in node:
            yield from _references(each)


async def test_each_is_read_by_id_version_and_history(client: Client) -> None:
    for wanted in ALL:
        url = f"{wanted['resourceType']}/{wanted['id']}"
        read = (await client.get(url)).json()
        assert {name: read[name] for name in wanted} == wanted
        assert read["meta"]["lastUpdated"].endswith("Z")
        assert (await client.get(f"{url}/_history/1")).json() == read
        assert ids((await client.get(f"{url}/_history")).json()) == [wanted["id"]]


async def test_references_lead_to_what_is_there(client: Client) -> None:
    followed = set()
    for wanted in ALL:
        read = (await client.get(f"{wanted['resourceType']}/{wanted['id']}")).json()
        for told in _references(read):
            type_, _, name = told.partition("/")
            found = (await client.get(told)).json()
            assert (found["resourceType"], found["id"]) == (type_, name)
            followed.add(type_)
    assert followed >= {"Patient", "Practitioner", "Organization", "Location", "Encounter"}


@pytest.mark.parametrize(
    ("query", "included"),
    [
        ("PractitionerRole?specialty=207RC0000X&_include=PractitionerRole:practitioner",
         {"Practitioner/doctor"}),
        ("CareTeam?patient=p1&status=active&_include=CareTeam:participant",
         {"Practitioner/doctor", "PractitionerRole/role", "Patient/p1"}),
        ("CareTeam?role=17561000&_include=CareTeam:participant:Practitioner",
         {"Practitioner/doctor"}),
    ],
)  # fmt: skip
async def test_what_is_referred_to_comes_along(
    client: Client, query: str, included: set[str]
) -> None:
    entries = (await client.get(query)).json()["entry"]
    told = {
        e["fullUrl"].removeprefix(f"{BASE}/") for e in entries if e["search"]["mode"] != "match"
    }
    assert told == included


@pytest.mark.parametrize("chain", ["identifier=urn:id|mine", "name=House", "name=ann"])
async def test_a_role_is_found_by_its_practitioner(client: Client, chain: str) -> None:
    assert await client.ids(f"PractitionerRole?practitioner.{chain}") == ["role"]
    other = chain.partition("=")[0]
    assert await client.ids(f"PractitionerRole?practitioner.{other}=nobody") == []


async def test_what_last_updated_detects_is_documented(stranger: Client) -> None:
    statement = (await stranger.get("metadata")).json()
    for resource in statement["rest"][0]["resource"]:
        for param in resource.get("searchParam", []):
            if param["name"] == "_lastUpdated":
                assert "version was written" in param["documentation"]
