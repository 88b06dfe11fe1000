"""Random scopes and random resources: nobody sees more, or less, than a plain oracle says."""

import asyncio
from dataclasses import dataclass
from itertools import product
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fhir.search.indexing import draft
from fhir.values import Json
from store.database import Database
from store.resources import Draft, put_many
from tests.api.conftest import Scoped
from tests.api.support import Client, flatten, heart_rate, patient, store

SYSTEMS, CODES = ("urn:a", "urn:b"), ("x", "y")
PAIRS = list(product(SYSTEMS, CODES))


@dataclass(frozen=True)
class Held:
    """A scope as the oracle knows it: letters, and of each clause the (system, code) wanted."""

    type: str
    letters: str
    clauses: tuple[tuple[tuple[str | None, str | None], ...], ...]

    @property
    def text(self) -> str:
        query = "&".join(
            "category=" + ",".join(quote(_spelled(*value)) for value in clause)
            for clause in self.clauses
        )
        return f"system/{self.type}.{self.letters}" + (f"?{query}" if query else "")

    def lets(self, letter: str, type_: str, categories: list[tuple[str, str]]) -> bool:
        return (
            letter in self.letters
            and self.type in ("*", type_)
            and all(
                any(
                    s in (None, system) and c in (None, code)
                    for s, c in clause
                    for system, code in categories
                )
                for clause in self.clauses
            )
        )


def _spelled(system: str | None, code: str | None) -> str:
    return f"{system}|{code or ''}" if system is not None else str(code)


value = st.sampled_from(
    [("urn:a", "x"), ("urn:a", "y"), ("urn:b", "x"), (None, "x"), (None, "y"), ("urn:b", None),
     ("", "x"), (None, "z")]
)  # fmt: skip
clause = st.lists(value, min_size=1, max_size=2).map(tuple)
letters = st.sampled_from(["r", "s", "rs", "cruds"])
narrow = st.builds(
    Held, st.sampled_from(["Observation", "Flag"]), letters, st.lists(clause, max_size=2).map(tuple)
)
wide = st.builds(Held, st.sampled_from(["*", "Patient"]), letters, st.just(()))
held = st.lists(st.one_of(narrow, narrow, narrow, wide), min_size=1, max_size=3)
query = st.sampled_from(["", "patient=p1", "status=final", "category=x", "patient=p1&code=8867-4"])

# Observations with every subset of the categories.
ITEMS = {f"o{n:02}": [p for k, p in enumerate(PAIRS) if n >> k & 1] for n in range(16)}


def body(name: str) -> Json:
    codings = [{"system": system, "code": code} for system, code in ITEMS[name]]
    made = heart_rate(name, f"p{len(codings) % 2}", minute=int(name[1:]))
    del made["category"]
    return made | ({"category": [{"coding": codings}]} if codings else {})


def _asked(name: str, query: str) -> bool:
    match query:
        case "category=x":
            return any(code == "x" for _, code in ITEMS[name])
        case "" | "status=final":
            return True
        case _:
            return len(ITEMS[name]) % 2 == 1


@pytest.fixture
async def filled(database: Database) -> None:
    await store(database, patient("p0"), patient("p1"), *(body(name) for name in ITEMS))


@pytest.mark.usefixtures("filled")
async def test_nobody_sees_more_or_less_than_the_oracle(with_scopes: Scoped) -> None:
    loop = asyncio.get_running_loop()

    async def seen(client: Client, query: str) -> tuple[list[str], int]:
        pages = await client.pages(f"Observation?_count=3&_sort=_id&{query}")
        counted = (await client.get(f"Observation?_summary=count&{query}")).json()["total"]
        return flatten(pages), counted

    async def check_one(scopes: list[Held], query: str, name: str) -> None:
        client = with_scopes(*[scope.text for scope in scopes])
        may = {n: {a: any(s.lets(a, "Observation", c) for s in scopes) for a in "rs"}
               for n, c in ITEMS.items()}  # fmt: skip
        holds = {a: any(a in s.letters and s.type in ("*", "Observation") for s in scopes)
                 for a in "rs"}  # fmt: skip
        if holds["s"]:
            wanted = [n for n in ITEMS if may[n]["s"] and _asked(n, query)]
            assert await seen(client, query) == (wanted, len(wanted))
        else:
            await client.get(f"Observation?{query}", 403)
        status = 200 if may[name]["r"] else 404 if holds["r"] else 403
        for path in ("", "/_history/1", "/_history"):
            await client.get(f"Observation/{name}{path}", status)

    @settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
    @given(held, query, st.sampled_from(list(ITEMS)))
    def check(scopes: list[Held], query: str, name: str) -> None:
        work: Any = check_one(scopes, query, name)
        asyncio.run_coroutine_threadsafe(work, loop).result(60)

    await asyncio.to_thread(check)


NARROW = "system/Observation.rs?category=urn:a|x"


async def test_what_may_not_be_seen_is_as_if_it_were_not_there(
    with_scopes: Scoped, database: Database
) -> None:
    await store(database, body("o01"), body("o02"))
    client = with_scopes(NARROW)
    hidden = await client.get("Observation/o02", 404)
    missing = await client.get("Observation/o99", 404)
    assert (
        hidden.json()["issue"][0]["diagnostics"].replace("o02", "o99")
        == (missing.json()["issue"][0]["diagnostics"])
    )
    for path in ("o02/_history", "o02/_history/1", "o02/_history/7", "o99/_history/1"):
        await client.get(f"Observation/{path}", 404)
    # Not even by asking whether it has changed.
    await client.get("Observation/o02", 404, headers={"If-None-Match": "*"})


async def test_history_shows_the_versions_of_the_category(
    with_scopes: Scoped, database: Database
) -> None:
    for n, name in enumerate(["o01", "o02", "o03", "o02", "o01", "o02", "o02"]):
        await store(database, body(name) | {"id": "o", "status": ("final", "amended")[n % 2]})
    client = with_scopes(NARROW)
    page = (await client.get("Observation/o/_history?_count=2")).json()
    seen = [e["resource"]["meta"]["versionId"] for e in page["entry"]]
    rest = next(x["url"] for x in page["link"] if x["relation"] == "next")
    last = (await client.get(rest)).json()
    seen += [e["resource"]["meta"]["versionId"] for e in last["entry"]]
    assert seen == ["5", "3", "1"]
    assert [x["relation"] for x in last["link"]] == ["self"]
    await client.get("Observation/o", 404)
    await client.get("Observation/o/_history/3")
    await client.get("Observation/o/_history/4", 404)


async def test_a_deletion_is_told_to_those_who_see_all(
    with_scopes: Scoped, database: Database
) -> None:
    await store(database, body("o01"))
    async with database.transaction() as tx:
        await put_many(tx, [Draft("Observation", "o01", None, draft(body("o01")).index)])
    await with_scopes("system/*.rs").get("Observation/o01", 410)
    client = with_scopes(NARROW)
    await client.get("Observation/o01", 404)
    await client.get("Observation/o01/_history/2", 404)
    assert len((await client.get("Observation/o01/_history")).json()["entry"]) == 1
