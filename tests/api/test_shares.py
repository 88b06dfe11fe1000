"""Requests that wait hold no more connections than is their share."""

import asyncio

import httpx
from sqlalchemy import text

from store import resources
from store.database import POOL_SIZE, Database
from tests.api.conftest import Scoped
from tests.api.support import BASE, heart_rate, store


async def test_many_who_wait_for_the_clock_keep_nobody_else_waiting(
    database: Database, with_scopes: Scoped
) -> None:
    await store(database, heart_rate("a"))
    client = with_scopes("system/*.cruds")
    body = {"resourceType": "Organization", "name": "Ward"}

    async def put(number: int) -> httpx.Response:
        url = f"{BASE}/Organization/o{number}"
        return await client.http.put(url, json=body | {"id": f"o{number}"})

    async with database.transaction() as tx:
        await resources.lock(tx)
        writers = [asyncio.create_task(put(n)) for n in range(4 * POOL_SIZE)]
        await asyncio.sleep(0.5)  # all of them wait
        async with asyncio.timeout(20), database.transaction() as other:
            waiting = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
            taken = (await other.execute(text(waiting))).scalar_one()
            assert (await client.http.get("http://ecg.test/health")).status_code == 200
            await client.get("Observation/a")
            await client.get("Observation?code=8867-4")
            assert not any(writer.done() for writer in writers)
    assert taken <= POOL_SIZE
    answers = await asyncio.gather(*writers)
    assert {answer.status_code for answer in answers} == {201}
