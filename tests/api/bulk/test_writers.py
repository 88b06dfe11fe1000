"""Exports while others write: each is one moment, and a chain of them is what is there."""

import asyncio
import random
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fhir.search.indexing import draft
from store.database import Database
from store.resources import Draft, put_many
from tests.api.bulk.support import Done, export, fetch, order, work
from tests.api.support import Client, heart_rate, patient, store

NAMES = [f"o{n:02}" for n in range(30)]
Known = dict[str, float]
Change = tuple[str, int | None]
changes = st.lists(st.tuples(st.sampled_from(NAMES), st.none() | st.integers(40, 200)), max_size=8)


async def _write(database: Database, made: list[Change], before: Known) -> Known:
    """One transaction; what is there after it."""
    now: Known = dict(before)
    async with database.transaction() as tx:
        for name, value in made:
            if value is None:
                now.pop(name, None)
                await put_many(tx, [Draft("Observation", name, None)])
            else:
                now[name] = value
                await put_many(tx, [draft(heart_rate(name, "p1", 0, value))])
    return now


def _applied(known: Known, made: Done) -> Known:
    gone = {url.removeprefix("Observation/") for url in made.deleted}
    names = made.ids("Observation")
    assert len(names) == len(set(names))
    assert not gone & set(names)
    told = {
        line["id"]: line["valueQuantity"]["value"] for line in made.lines.get("Observation", [])
    }
    return {name: value for name, value in known.items() if name not in gone} | told


async def test_exports_since_the_last_lose_nothing(client: Client, database: Database) -> None:
    """A hundred writes beside a chain of exports."""
    await store(database, patient("p1"))
    chance, seen = random.Random(7), [Known()]

    async def writer() -> None:
        for _ in range(100):
            some = [(name, chance.choice([None, 50, 60, 70])) for name in chance.sample(NAMES, 3)]
            seen.append(await _write(database, some, seen[-1]))
            await asyncio.sleep(0.005)

    writing = asyncio.create_task(writer())
    known, since, exports, last = Known(), "2020-01-01", 0, False
    while not last:
        last = writing.done()
        made = await export(client, database, f"$export?_type=Observation&_since={since}", 5)
        await client.send("DELETE", made.status, 202)
        known = _applied(known, made)
        assert known in seen
        since, exports = made.manifest["transactionTime"], exports + 1
    await writing
    assert known == seen[-1]
    assert exports > 2


async def test_a_job_is_the_moment_of_its_order(client: Client, database: Database) -> None:
    """Random writes before an order, between order and work, and between steps of the work."""
    await store(database, patient("p1"))
    loop = asyncio.get_running_loop()
    now = Known()

    async def check_one(before: list[Change], after: list[Change], lines: int) -> None:
        nonlocal now
        now = moment = await _write(database, before, now)
        status = await order(client, "$export?_type=Observation")
        now = await _write(database, after, now)
        await work(database, lines)
        made = await fetch(client, status)
        assert _applied(Known(), made) == moment
        now = await _write(database, before, now)
        assert (await fetch(client, status)).lines == made.lines
        await client.send("DELETE", status, 202)

    def run(work: Any) -> None:
        asyncio.run_coroutine_threadsafe(work, loop).result(60)

    @settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
    @given(changes, changes, st.integers(1, 12))
    def check(before: list[Change], after: list[Change], lines: int) -> None:
        run(check_one(before, after, lines))

    await asyncio.to_thread(check)
