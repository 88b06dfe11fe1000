"""Pages without a transaction around them are those that a transaction gives."""

import asyncio
from datetime import datetime

import asyncpg
import pytest

from core.errors import TooBusy, Unavailable
from fhir.search.indexing import draft
from fhir.search.registry import TYPES
from fhir.search.request import Limits, parse
from fhir.values import Json
from store.criteria import Query
from store.database import Database
from store.resources import latest_stamp, put_many
from store.searcher import CONNECTIONS, WAITING_MAX, Searcher, page_within
from tests.api.support import heart_rate, patient, strip


@pytest.fixture
def searcher(database: Database) -> Searcher:
    return Searcher(database)


async def _store(database: Database, *bodies: Json) -> None:
    async with database.transaction() as tx:
        await put_many(tx, [draft(body) for body in bodies])


def _query(asked: str) -> Query:
    pairs = [(name, value) for name, _, value in (p.partition("=") for p in asked.split("&"))]
    return parse(TYPES["Observation"], pairs, Limits(50, 50), "").query


async def _stamp(database: Database) -> datetime | None:
    async with database.transaction() as tx:
        return await latest_stamp(tx)


SEARCHES = [
    "patient=p1",
    "patient=p1&code=8867-4&date=ge2026-03-01T12:02:00Z",
    "patient=p1&date=gt2026-03-01&_sort=date,-_id",
    "status=final&_sort=-_lastUpdated",
    "value-quantity=gt72&_sort=value-quantity",
    "patient.identifier=MRN-p2",
    "patient:Patient.identifier:not=MRN-p2&_sort=patient",
    "patient=nobody",
]


@pytest.mark.parametrize("asked", SEARCHES)
async def test_the_same_as_in_a_transaction(
    searcher: Searcher, database: Database, asked: str
) -> None:
    await _store(database, patient("p1"), patient("p2"))
    rates = [heart_rate(f"o{n}", f"p{n % 2 + 1}", minute=n, value=70 + n) for n in range(8)]
    await _store(database, strip("s1"), *rates)
    query = _query(asked)
    async with database.transaction() as tx:
        expected = await page_within(tx, query, 5)
    assert await searcher.page(query, 5) == expected
    assert expected.stamp is not None


async def test_nothing_was_written_yet(searcher: Searcher) -> None:
    page = await searcher.page(_query("patient=p1"), 5)
    assert (page.stamp, page.found) == (None, [])


async def test_what_a_page_does_not_tell_is_newer_than_its_stamp(
    searcher: Searcher, database: Database
) -> None:
    """Also of pages that were empty: whoever asks from their stamps on meets all."""
    count, met = 60, set[str]()

    async def write() -> None:
        for n in range(count):
            await _store(database, heart_rate(f"o{n}", minute=n))

    writing = asyncio.create_task(write())
    since = "2000-01-01"
    while len(met) < count:
        is_last = writing.done()
        query = _query(f"patient=p1&_lastUpdated=gt{since}&_sort=_lastUpdated")
        page = await searcher.page(query, 1000)
        fresh = {found.document.id for found in page.found}
        assert not fresh & met
        met |= fresh
        since = since if page.stamp is None else page.stamp.isoformat(timespec="milliseconds")
        assert not is_last or len(met) == count
    await writing
    assert page.stamp == await _stamp(database)


async def test_a_statement_that_takes_too_long_is_given_up(database: Database) -> None:
    direct = database.direct(1, 0.05)
    with pytest.raises(Unavailable):
        await direct.fetch("SELECT pg_sleep(5)")
    [row] = await direct.fetch("SELECT current_setting('statement_timeout')")
    assert row[0] == "50ms"


async def test_more_than_may_wait_are_refused(searcher: Searcher) -> None:
    asked = [searcher.page(_query("patient=p1"), 5) for _ in range(CONNECTIONS + WAITING_MAX + 3)]
    found = await asyncio.gather(*asked, return_exceptions=True)
    assert sum(isinstance(one, TooBusy) for one in found) == 3
    assert sum(isinstance(one, BaseException) for one in found) == 3


async def test_an_idle_connection_that_died_is_replaced(
    searcher: Searcher, database: Database, database_url: str
) -> None:
    await _store(database, heart_rate("o1"))
    await searcher.page(_query("patient=p1"), 5)
    killer = await asyncpg.connect(database_url)
    await killer.execute(
        "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    await killer.close()
    assert len((await searcher.page(_query("patient=p1"), 5)).found) == 1


async def test_unreachable_is_unavailable() -> None:
    away = Database("postgresql://nobody@127.0.0.1:1/none")
    for asked in ("patient=p1", "patient.identifier=x"):
        with pytest.raises(Unavailable):
            await Searcher(away).page(_query(asked), 5)
    await away.close()
