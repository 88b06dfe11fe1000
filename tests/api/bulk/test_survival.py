"""A worker that is killed in the middle of a job, again and again."""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from functools import partial

from sqlalchemy import text

from api.bulk.worker import BulkWorker
from store.database import Database
from tests.api.bulk.hand import LINES
from tests.api.bulk.support import fetch, order
from tests.api.support import Client, heart_rate, patient, store

# Each step waits between its file and the note of how far it came: a kill falls there.
_SLOW = (
    "CREATE FUNCTION slowly() RETURNS trigger LANGUAGE plpgsql AS"
    " 'BEGIN PERFORM pg_sleep(0.1); RETURN new; END'",
    "CREATE TRIGGER slowly BEFORE UPDATE ON job FOR EACH ROW EXECUTE FUNCTION slowly()",
)


async def test_kill_9_loses_and_repeats_no_line(
    client: Client, database: Database, database_url: str
) -> None:
    names = [f"o{n:03}" for n in range(100)]
    await store(database, patient("p1"), *[heart_rate(name) for name in names])
    async with database.transaction() as tx:
        for statement in _SLOW:
            await tx.execute(text(statement))
    status = await order(client, "$export?_type=Observation")
    for killed in range(3):
        hand = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.api.bulk.hand", database_url
        )
        await _until(partial(_has_parts, database, 3 * killed + 3))
        hand.kill()
        await hand.wait()
    assert 0 < await _parts(database) < len(names) / LINES
    await client.get(status, 202)
    async with database.transaction() as tx:
        await tx.execute(text("DROP TRIGGER slowly ON job"))
    workers = [BulkWorker(database, life_s=60, lines=LINES) for _ in range(3)]
    await asyncio.gather(*(_work(worker) for worker in workers))
    assert (await fetch(client, status)).ids("Observation") == names


async def _work(worker: BulkWorker) -> None:
    """Work until nothing is left; another's claim looks the same, so look more than once."""
    for _ in range(40):
        await worker.turn()


async def _parts(database: Database) -> int:
    async with database.transaction() as tx:
        return int((await tx.execute(text("SELECT count(*) FROM job_part"))).scalar_one())


async def _has_parts(database: Database, count: int) -> bool:
    return await _parts(database) >= count


async def _is_done(client: Client, status: str) -> bool:
    return (await client.http.get(status)).status_code == 200


async def _until(condition: Callable[[], Awaitable[bool]]) -> None:
    for _ in range(600):
        if await condition():
            return
        await asyncio.sleep(0.1)
    raise AssertionError("it did not happen within a minute")


async def test_a_worker_waits_for_orders_and_stops_when_asked(
    client: Client, database: Database
) -> None:
    stop = asyncio.Event()
    working = asyncio.create_task(BulkWorker(database, life_s=60).run(stop))
    status = await order(client, "$export")
    await _until(partial(_is_done, client, status))
    stop.set()
    await working
    assert (await fetch(client, status)).lines == {}
