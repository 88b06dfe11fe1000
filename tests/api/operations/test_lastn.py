"""The latest of each code: the answer itself, what is refused, who sees what."""

from typing import Any

import pytest

from fhir.codes import ECG_POTENTIAL, EKG_STUDY, HEART_RATE, RR_MEAN, concept
from store.database import Database
from store.resources import Draft, put_many
from tests.api.conftest import Scoped
from tests.api.support import Client, heart_rate, link, patient, store, strip

PATH = "Observation/$lastn"
VITAL = "category=vital-signs"


def _coded(id_: str, minute: float, code: Any, **more: Any) -> dict[str, Any]:
    return heart_rate(id_, minute=minute) | {"code": code} | more


async def test_the_newest_of_each_code(client: Client, database: Database) -> None:
    await store(
        database,
        *(heart_rate(f"h{n}", minute=n) for n in range(5)),
        *(strip(f"s{n}", minute=n + 0.5) for n in range(5)),
        heart_rate("other", person="p2", minute=9),
    )
    assert await client.ids(f"{PATH}?patient=p1&category=vital-signs,procedure") == ["s4", "h4"]
    assert await client.ids(f"{PATH}?patient=p1&{VITAL}&max=3") == ["h4", "h3", "h2"]
    assert await client.ids(f"{PATH}?subject=Patient/p1&code=8867-4&max=2") == ["h4", "h3"]
    assert await client.ids(
        f"{PATH}?patient=p1&code=8867-4,131328&date=lt2026-03-01T12:02:00Z"
    ) == [
        "s1",
        "h1",
    ]
    assert await client.ids(f"{PATH}?patient=p9&{VITAL}") == []
    bundle = (await client.get(f"{PATH}?patient=p1&{VITAL}")).json()
    assert bundle["total"] == 1
    assert (link(bundle, "self") or "").endswith(
        "/Observation/$lastn?patient=p1&" + VITAL + "&max=1"
    )


async def test_translations_are_one_group_however_long_ago(
    client: Client, database: Database
) -> None:
    both = concept(HEART_RATE, RR_MEAN)
    await store(
        database,
        _coded("old", 0, both),
        _coded("a", 10, concept(HEART_RATE)),
        _coded("b", 11, concept(RR_MEAN)),
        _coded("c", 5, concept(EKG_STUDY)),
    )
    assert await client.ids(f"{PATH}?patient=p1&{VITAL}") == ["b", "c"]
    assert await client.ids(f"{PATH}?patient=p1&code=8867-4,147240") == ["b"]
    # One code alone is asked for: what has it counts, whatever it is translated to.
    assert await client.ids(f"{PATH}?patient=p1&code=8867-4") == ["a"]
    # Once nothing says so any more they are two.
    await store(database, _coded("old", 0, concept(ECG_POTENTIAL)))
    assert await client.ids(f"{PATH}?patient=p1&{VITAL}") == ["b", "a", "c", "old"]


async def test_the_same_code_of_two_systems_is_two(client: Client, database: Database) -> None:
    other = {"coding": [{"system": "urn:other", "code": "8867-4"}]}
    await store(database, heart_rate("h"), _coded("o", 1, other), _coded("n", 2, {"text": "Puls"}),
                _coded("m", 3, {"text": "puls"}))  # fmt: skip
    assert await client.ids(f"{PATH}?patient=p1&{VITAL}") == ["m", "n", "o", "h"]
    assert await client.ids(f"{PATH}?patient=p1&code=urn:other|8867-4") == ["o"]


async def test_ties_come_together(client: Client, database: Database) -> None:
    await store(database, *(heart_rate(f"h{n}", minute=n // 2) for n in range(6)))
    assert await client.ids(f"{PATH}?patient=p1&{VITAL}") == ["h5", "h4"]
    assert await client.ids(f"{PATH}?patient=p1&{VITAL}&max=3") == ["h5", "h4", "h3", "h2"]


async def test_what_is_deleted_or_changed_is_the_latest_no_more(
    client: Client, database: Database
) -> None:
    await store(database, *(heart_rate(f"h{n}", minute=n) for n in range(4)))
    async with database.transaction() as tx:
        await put_many(tx, [Draft("Observation", "h3", None)])
    await store(database, heart_rate("h2", person="p2", minute=2))
    assert await client.ids(f"{PATH}?patient=p1&{VITAL}") == ["h1"]
    assert await client.ids(f"{PATH}?patient=p1&{VITAL}&status=amended") == []


async def test_by_parameters_and_by_chain(client: Client, database: Database) -> None:
    await store(database, patient("p1"), patient("p2"), heart_rate("h"), heart_rate("i", "p2", 1))
    sent = {
        "resourceType": "Parameters",
        "parameter": [
            {"name": "patient", "valueString": "p1"},
            {"name": "category", "valueCode": "vital-signs"},
            {"name": "max", "valuePositiveInt": 2},
        ],
    }
    answer = await client.send("POST", PATH, 200, json=sent)
    assert [e["resource"]["id"] for e in answer.json()["entry"]] == ["h"]
    assert await client.ids(f"{PATH}?patient.identifier=MRN-p2&{VITAL}") == ["i"]
    assert await client.ids(f"{PATH}?patient.identifier=MRN-x&{VITAL}") == []
    await client.get(f"{PATH}?patient.identifier=MRN-p1,MRN-p2&{VITAL}", 400)


@pytest.mark.parametrize(
    "query",
    ["", VITAL, "patient=p1", "patient=p1,p2&code=a", f"patient=p1&{VITAL}&max=0",
     f"patient=p1&{VITAL}&max=x", f"patient=p1&{VITAL}&max=101", f"patient=p1&{VITAL}&max=1&max=2",
     f"patient=p1&{VITAL}&_sort=date", f"patient=p1&{VITAL}&_include=Observation:device",
     f"patient=p1&{VITAL}&_summary=count", f"patient=p1&{VITAL}&unicorn=1",
     "subject=Device/d1&code=a"],
)  # fmt: skip
async def test_what_is_wrong_is_said(client: Client, query: str) -> None:
    await client.get(f"{PATH}?{query}", 400)


async def test_bodies_that_are_no_parameters(client: Client) -> None:
    await client.send("POST", PATH, 400, json={"resourceType": "Patient"})
    await client.send("POST", PATH, 415, content=b"patient,p1",
                      headers={"Content-Type": "text/csv"})  # fmt: skip
    bad = {"resourceType": "Parameters", "parameter": [{"name": "code", "valueCoding": {}}]}
    await client.send("POST", PATH, 400, json=bad)


async def test_too_much_is_said(client: Client, database: Database) -> None:
    await store(database, *(heart_rate(f"h{n}") for n in range(1001)))
    await client.get(f"{PATH}?patient=p1&{VITAL}", 413)


async def test_scopes_bound_what_is_latest(with_scopes: Scoped, database: Database) -> None:
    await store(database, heart_rate("h"), strip("s"))
    system = "http://terminology.hl7.org/CodeSystem/observation-category"
    seen = with_scopes(f"system/Observation.rs?category={system}|vital-signs")
    assert await seen.ids(f"{PATH}?patient=p1&category=vital-signs,procedure") == ["h"]
    await with_scopes("system/Patient.rs").get(f"{PATH}?patient=p1&{VITAL}", 403)
    await with_scopes("system/Observation.r").get(f"{PATH}?patient=p1&{VITAL}", 403)
