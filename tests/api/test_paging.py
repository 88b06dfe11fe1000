import asyncio
from datetime import timedelta
from itertools import product
from urllib.parse import quote

import pytest

from fhir.values import instant
from store.database import Database
from tests.api.searched import STORED
from tests.api.support import START, Client, flatten, heart_rate, link, store

PAGED = [
    "patient=p1",
    "patient=p1&code=8867-4",
    "",
    "_sort=date",
    "_sort=_lastUpdated",
    "_sort=-_lastUpdated,date",
    "_sort=_id",
    "_sort=-_id",
    "code=131328,8867-4&_sort=-date,_id",
]


@pytest.fixture(autouse=True)
async def stored(database: Database) -> None:
    await store(database, *STORED)


async def test_pages_hold_every_resource_once(client: Client) -> None:
    for query, count in product(PAGED, (1, 2, 3)):
        whole = await client.ids(f"Observation?{query}")
        pages = await client.pages(f"Observation?{query}&_count={count}")
        assert flatten(pages) == whole
        assert [len(page) for page in pages[:-1]] == [count] * (len(pages) - 1)
        assert pages[-1]


async def test_pages_stay_whole_while_others_write(client: Client, database: Database) -> None:
    before = set(await client.ids("Observation?patient=p1"))
    stop = asyncio.Event()

    async def write() -> None:
        n = 0
        while not stop.is_set():
            await store(
                database,
                heart_rate(f"new{n}", minute=n % 7),
                heart_rate(f"hr{n % 5}", minute=n % 5, value=80 + n),
            )
            n += 1

    writer = asyncio.create_task(write())
    for _ in range(5):
        seen = flatten(await client.pages("Observation?patient=p1&_count=2"))
        assert len(seen) == len(set(seen))
        assert before <= set(seen)
    stop.set()
    await writer


async def test_a_cursor_belongs_to_its_search(client: Client) -> None:
    bundle = (await client.get("Observation?patient=p1&_count=1")).json()
    cursor = str(link(bundle, "next")).partition("_cursor=")[2]
    await client.get(f"Observation?patient=p1&_count=1&_cursor={cursor}")
    await client.get(f"Observation?patient=p2&_count=1&_cursor={cursor}", 400)
    await client.get(f"Flag?patient=p1&_count=1&_cursor={cursor}", 400)
    await client.get(f"Observation?patient=p1&_count=1&_cursor={cursor[:-2]}", 400)


async def test_polling_by_the_bundles_stamp_loses_nothing(
    client: Client, database: Database
) -> None:
    since = (await client.get("Observation?_count=0")).json()["meta"]["lastUpdated"]
    assert await client.ids(f"Observation?_lastUpdated=gt{since}") == []
    await store(database, heart_rate("late", minute=-9))
    assert await client.ids(f"Observation?_lastUpdated=gt{quote(since)}") == ["late"]


async def test_a_long_time_is_found_by_its_end(client: Client, database: Database) -> None:
    long = heart_rate("long")
    del long["effectiveDateTime"]
    long["effectivePeriod"] = {
        "start": instant(START - timedelta(days=3)),
        "end": instant(START + timedelta(days=3)),
    }
    await store(database, long)
    query = "Observation?patient=p1&code=8867-4&date=gt2026-03-01T12:03:30Z"
    assert await client.ids(query) == ["hr4", "long"]
    assert "long" not in await client.ids(query.replace("gt2026-03-01", "gt2026-03-05"))
