"""Reads that are answered together, each as if it were alone, also when the server goes away."""

import asyncio
import os
import signal
from collections.abc import Sequence

import asyncpg
import pytest
from sqlalchemy import text

from core.errors import Gone, HisbundleError, NotFound, TooBusy, Unavailable
from fhir.search.indexing import draft
from store.database import Database
from store.reader import BATCH_MAX, WAITING_MAX, Reader
from store.resources import Document, Draft, put_many, read
from tests.api.support import heart_rate, patient, strip


@pytest.fixture
def reader(database: Database) -> Reader:
    return Reader(database)


async def _store(database: Database, *drafts: Draft) -> None:
    async with database.transaction() as tx:
        await put_many(tx, drafts)


async def _all(reader: Reader, names: Sequence[str]) -> list[Document | BaseException]:
    reads = [reader.read("Observation", name) for name in names]
    return await asyncio.gather(*reads, return_exceptions=True)


async def test_each_of_many_reads_gets_its_own(reader: Reader, database: Database) -> None:
    drafts = [draft(heart_rate(f"o{n}", value=n)) for n in range(3 * BATCH_MAX)]
    await _store(database, *drafts)
    await _store(database, *[Draft("Observation", f"o{n}", None) for n in range(0, 300, 3)])
    names = [f"o{n}" for n in range(3 * BATCH_MAX)] + ["none", "o1", "o3", "none"]
    for name, found in zip(names, await _all(reader, names), strict=True):
        if name == "none":
            assert isinstance(found, NotFound)
        elif int(name[1:]) % 3 == 0:
            assert isinstance(found, Gone)
        else:
            assert isinstance(found, Document)
            assert found.id == name


async def test_the_same_as_in_a_transaction(reader: Reader, database: Database) -> None:
    await _store(database, draft(patient("p1")), draft(strip("s1"), {"session": 1, "n": [2]}))
    for type_, name in (("Patient", "p1"), ("Observation", "s1")):
        async with database.transaction() as tx:
            assert await reader.read(type_, name) == await read(tx, type_, name)


async def test_an_id_of_another_type_is_not_found(reader: Reader, database: Database) -> None:
    await _store(database, draft(patient("p1")))
    with pytest.raises(NotFound, match="there is no Observation/p1"):
        await reader.read("Observation", "p1")


async def test_what_is_no_text_spoils_no_other_read(reader: Reader, database: Database) -> None:
    await _store(database, draft(heart_rate("o1")))
    nul, half, good = await _all(reader, ["a\0b", "\ud800", "o1"])
    assert isinstance(nul, NotFound)
    assert isinstance(half, NotFound)
    assert isinstance(good, Document)


async def test_a_read_sees_what_was_committed_before_it(reader: Reader, database: Database) -> None:
    async def look_again() -> None:
        for _ in range(200):
            await reader.read("Observation", "o1")

    await _store(database, draft(heart_rate("o1", value=0)))
    others = [asyncio.create_task(look_again()) for _ in range(4)]
    for value in range(1, 20):
        await _store(database, draft(heart_rate("o1", value=value)))
        assert (await reader.read("Observation", "o1")).version == value + 1
    await asyncio.gather(*others)


async def test_a_cancelled_read_harms_no_other(reader: Reader, database: Database) -> None:
    await _store(database, draft(heart_rate("o1")))
    tasks = [asyncio.create_task(reader.read("Observation", "o1")) for _ in range(10)]
    await asyncio.sleep(0)
    for task in tasks[::2]:
        task.cancel()
    found = await asyncio.gather(*tasks, return_exceptions=True)
    assert [type(one) for one in found] == [asyncio.CancelledError, Document] * 5
    assert (await reader.read("Observation", "o1")).id == "o1"


async def test_more_than_may_wait_are_refused(reader: Reader, database: Database) -> None:
    found = await _all(reader, [f"o{n}" for n in range(WAITING_MAX + 10)])
    assert sum(isinstance(one, TooBusy) for one in found) == 10
    assert sum(isinstance(one, NotFound) for one in found) == WAITING_MAX


async def test_a_lost_server_gives_the_truth_or_unavailable(
    reader: Reader, database: Database, database_url: str
) -> None:
    await _store(database, *[draft(heart_rate(f"o{n}", value=n)) for n in range(20)])
    failed: list[HisbundleError] = []
    stop = asyncio.Event()

    async def look(name: str) -> None:
        while not stop.is_set():
            try:
                assert (await reader.read("Observation", name)).id == name
            except Unavailable as error:
                failed.append(error)

    killer = await asyncpg.connect(database_url)
    looking = [asyncio.create_task(look(f"o{n}")) for n in range(20)]
    for _ in range(10):
        await asyncio.sleep(0.02)
        await killer.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    stop.set()
    await asyncio.gather(*looking)
    await killer.close()
    assert (await reader.read("Observation", "o7")).id == "o7"


async def test_an_idle_connection_that_died_is_replaced(
    reader: Reader, database: Database, database_url: str
) -> None:
    await _store(database, draft(heart_rate("o1")))
    await reader.read("Observation", "o1")
    killer = await asyncpg.connect(database_url)
    await killer.execute(
        "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    await killer.close()
    assert (await reader.read("Observation", "o1")).id == "o1"


async def test_unreachable_is_unavailable_for_each(database_url: str) -> None:
    away = Database("postgresql://nobody@127.0.0.1:1/none")
    found = await _all(Reader(away), ["o1", "o2", "o3"])
    assert [type(one) for one in found] == [Unavailable] * 3
    assert len({id(one) for one in found}) == 3
    await away.close()


async def test_a_mistake_of_ours_is_not_unavailable(reader: Reader, database: Database) -> None:
    async with database.transaction() as tx:
        await tx.execute(text("ALTER TABLE resource RENAME TO gone"))
    with pytest.raises(RuntimeError) as caught:
        await reader.read("Observation", "o1")
    assert isinstance(caught.value.__cause__, asyncpg.UndefinedTableError)


async def test_a_connection_that_hangs_holds_up_its_own_reads_only(
    reader: Reader, database: Database
) -> None:
    await _store(database, draft(heart_rate("o1")))
    await reader.read("Observation", "o1")
    (connection,) = reader._direct._idle
    stopped = connection.get_server_pid()
    os.kill(stopped, signal.SIGSTOP)
    try:
        first = asyncio.create_task(reader.read("Observation", "o1"))
        await asyncio.sleep(0.02)  # it is under way when the others come
        async with asyncio.timeout(20):
            for _ in range(3):
                assert (await reader.read("Observation", "o1")).id == "o1"
        assert not first.done()
    finally:
        os.kill(stopped, signal.SIGCONT)
    assert (await first).id == "o1"
