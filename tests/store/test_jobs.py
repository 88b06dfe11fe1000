from dataclasses import replace
from datetime import UTC, datetime

import pytest

from core.errors import NotFound, TooBusy
from store import jobs
from store.database import Database
from store.jobs import Bounds, Order, PartHead, Progress
from store.snapshots import Key

ORDER = Order("j1", "one", ("system/*.rs",), {"steps": 1}, datetime(2026, 3, 1, tzinfo=UTC))
BOUNDS = Bounds(active=2, kept=3, total=4)
KEYS = [Key("a", 1, "p2"), Key("b", 3, "p1"), Key("c", 1, None), Key("d", 2, "p1")]


async def _add(database: Database, id_: str, owner: str | None = "one") -> None:
    async with database.transaction() as tx:
        await jobs.add(tx, replace(ORDER, id=id_, owner=owner), BOUNDS, 60)


async def _step(database: Database, id_: str, progress: Progress) -> None:
    async with database.transaction() as tx:
        await jobs.advance(tx, id_, progress, 60)


async def test_a_job_goes_from_step_to_step(database: Database) -> None:
    await _add(database, "j1")
    await _step(database, "j1", Progress("Flag", False, KEYS, 0, "d", False))
    await _step(database, "j1", Progress("Flag", False, [], 1, "", False))
    async with database.transaction() as tx:
        job = await jobs.claim(tx)
        assert job is not None
        assert (job.order, job.stage, job.after, job.written) == (ORDER, 1, "", 4)
    await _step(database, "j1", Progress("Flag", True, KEYS[:1], 2, "", True))
    async with database.transaction() as tx:
        assert await jobs.claim(tx) is None
        assert (await jobs.find(tx, "j1")).state == "done"
        assert await jobs.parts(tx, "j1") == [
            PartHead(1, "Flag", False, 4),
            PartHead(2, "Flag", True, 1),
        ]
        part = await jobs.part(tx, "j1", 1)
        assert part.ids == ("a", "b", "c", "d")
        assert part.versions == (1, 3, 1, 2)
        assert part.patients == ("p1", "p2")
        with pytest.raises(NotFound):
            await jobs.part(tx, "j1", 3)


async def test_a_claimed_job_is_nobody_elses(database: Database) -> None:
    await _add(database, "j1")
    await _add(database, "j2")
    async with database.transaction() as one, database.transaction() as other:
        first, second = await jobs.claim(one), await jobs.claim(other)
        assert first is not None
        assert second is not None
        assert [first.order.id, second.order.id] == ["j1", "j2"]
        async with database.transaction() as third:
            assert await jobs.claim(third) is None


async def test_jobs_take_turns(database: Database) -> None:
    await _add(database, "j1")
    await _add(database, "j2")
    turns = []
    for _ in range(4):
        async with database.transaction() as tx:
            job = await jobs.claim(tx)
            assert job is not None
            turns.append(job.order.id)
            await jobs.advance(tx, job.order.id, Progress("Flag", False, [], 1, "", False), 60)
    assert turns == ["j1", "j2", "j1", "j2"]


async def test_there_are_so_many(database: Database) -> None:
    await _add(database, "j1")
    await _add(database, "j2")
    with pytest.raises(TooBusy, match="2 of your jobs are running"):
        await _add(database, "j3")
    await _step(database, "j1", Progress("Flag", False, [], 1, "", True))
    await _add(database, "j3")
    await _step(database, "j2", Progress("Flag", False, [], 1, "", True))
    with pytest.raises(TooBusy, match="3 of your jobs are kept"):
        await _add(database, "j4")
    await _add(database, "j4", None)
    with pytest.raises(TooBusy, match="as many jobs as it can"):
        await _add(database, "j5", "other")
    async with database.transaction() as tx:
        await jobs.remove(tx, "j1")
    await _add(database, "j5", "other")


async def test_failures_in_a_row_end_a_job(database: Database) -> None:
    await _add(database, "j1")
    for n in range(4):
        async with database.transaction() as tx:
            await jobs.failed(tx, "j1", 2)
        if n == 0:
            await _step(database, "j1", Progress("Flag", False, [], 0, "", False))
        async with database.transaction() as tx:
            assert (await jobs.find(tx, "j1")).state == ("active" if n < 2 else "failed")
