"""Random searches of every kind of parameter give what a plain loop gives, in the same order."""

import asyncio
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from store.database import Database
from tests.api.conftest import Scoped
from tests.api.search.kinds import KINDS, searches, sorts
from tests.api.search.oracle import fulfils, ordered
from tests.api.search.world import WORLD
from tests.api.support import Client, flatten, store

Drawn = tuple[str, list[tuple[str, str]], list[str]]
drawn = st.sampled_from(["Observation"] * 4 + ["Patient"] * 2 + list(KINDS)).flatmap(
    lambda type_: st.tuples(st.just(type_), searches(type_), sorts(type_))
)
bounded = settings(
    max_examples=100,
    deadline=None,
    derandomize=True,
    phases=[Phase.generate],  # the searches are small as they are
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture(autouse=True)
async def filled(database: Database) -> None:
    await store(database, *WORLD)


def _run(loop: asyncio.AbstractEventLoop, work: Any) -> Any:
    return asyncio.run_coroutine_threadsafe(work, loop).result(60)


def expected(search: Drawn) -> list[str]:
    """The ids that a plain loop finds."""
    type_, pairs, sort = search
    of_type = [body for body in WORLD if body["resourceType"] == type_]
    found = [body for body in of_type if all(fulfils(body, pair) for pair in pairs)]
    return [body["id"] for body in ordered(found, sort)]


async def test_random_searches_equal_a_plain_loop(client: Client) -> None:
    loop = asyncio.get_running_loop()

    @bounded
    @given(drawn, st.integers(5, 80))
    def check(search: Drawn, count: int) -> None:
        type_, pairs, sort = search
        sent = [*pairs, ("_count", str(count)), ("_sort", ",".join(sort))]
        pages = _run(loop, client.pages(f"{type_}?{urlencode(sent)}"))
        assert flatten(pages) == expected(search)

    await asyncio.to_thread(check)


CATEGORY = "system/Observation.rs?category=urn:cat|"
scopes = st.sets(
    st.sampled_from(
        ["system/Patient.rs", "system/Observation.rs", f"{CATEGORY}x", f"{CATEGORY}y",
         "system/Device.rs", "system/Practitioner.rs", "system/Observation.r"]
    ),
    min_size=2,
)  # fmt: skip


def seen(granted: set[str]) -> list[dict[str, Any]]:
    """The resources that scopes let their bearer search."""

    def may(body: dict[str, Any]) -> bool:
        type_ = body["resourceType"]
        if f"system/{type_}.rs" in granted:
            return True
        codes = [c["code"] for k in body.get("category", []) for c in k["coding"]]
        return type_ == "Observation" and any(f"{CATEGORY}{code}" in granted for code in codes)

    return [body for body in WORLD if may(body)]


async def test_random_scopes_never_show_more(with_scopes: Scoped) -> None:
    loop = asyncio.get_running_loop()

    async def ask(client: Client, search: Drawn) -> tuple[int, set[str]]:
        type_, pairs, _ = search
        query = urlencode([*pairs, ("_count", "100")])
        answer = await client.http.get(f"/fhir/{type_}?{query}")
        entries = answer.json().get("entry", []) if answer.status_code == 200 else []
        return answer.status_code, {entry["resource"]["id"] for entry in entries}

    @bounded
    @given(drawn, scopes)
    def check(search: Drawn, granted: set[str]) -> None:
        status, found = _run(loop, ask(with_scopes(*sorted(granted)), search))
        type_, pairs, _ = search
        visible = seen(granted)
        allowed = {body["id"] for body in visible if body["resourceType"] == type_
                   and all(fulfils(body, pair, visible) for pair in pairs)}  # fmt: skip
        assert status in (200, 403)
        assert found == (allowed if status == 200 else set())

    await asyncio.to_thread(check)
