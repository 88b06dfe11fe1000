"""Resources of an older release, found by what the present one adds."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest
from alembic import command
from sqlalchemy import Connection, text

from fhir.publishing.publisher import Publisher
from fhir.publishing.reindexer import Reindexer
from fhir.search.registry import TYPES
from fhir.search.request import Limits, Pair, parse
from hisbundle.migrate import alembic_config
from store import search
from store.database import Database
from tests.fhir.clinic import Clinic, open_clinic, strips

_TABLES = ("resource_token", "resource_range", "resource_quantity", "resource_wording")
_BEFORE = "2026_11_22_clients"
_PULSE = (("code", "8867-4"), ("value-quantity", "gt1"))
_WORDS = (("code:text", "heart"),)


@pytest.fixture
async def clinic(database: Database) -> Clinic:
    opened = await open_clinic(database)
    await opened.analyse(strips(4))
    while await Publisher(database, report_interval_s=60).turn():
        pass
    return opened


def _age(connection: Connection) -> None:
    """Take away what the release before did not know of."""
    command.downgrade(alembic_config(connection), _BEFORE)
    command.upgrade(alembic_config(connection), "head")


async def _aged(database: Database) -> None:
    async with database.transaction() as tx:
        await tx.run_sync(_age)
        await tx.execute(text("UPDATE resource SET filters = '{}'"))


async def _index(database: Database) -> list[set[Any]]:
    async with database.transaction() as tx:
        columns = "type, id, version, last_updated, patient_id, at, until, filters::text"
        kept = {tuple(row) for row in await tx.execute(text(f"SELECT {columns} FROM resource"))}  # noqa: S608
        found = [await tx.execute(text(f"SELECT t::text FROM {name} t")) for name in _TABLES]  # noqa: S608
        return [kept, *({row[0] for row in rows} for rows in found)]


async def _found(database: Database, pairs: Sequence[Pair]) -> int:
    query = parse(TYPES["Observation"], pairs, Limits(50, 50), "").query
    async with database.transaction() as tx:
        return await search.total(tx, query)


async def test_what_was_stored_before_is_found_by_new_parameters(clinic: Clinic) -> None:
    database = clinic.database
    fresh = await _index(database)
    counts = [await _found(database, pairs) for pairs in (_PULSE, _WORDS)]
    assert all(counts)
    await _aged(database)
    assert [await _found(database, pairs) for pairs in (_PULSE, _WORDS)] == [0, 0]
    await Reindexer(database, batch=3, pause_s=0).run(asyncio.Event())
    assert [await _found(database, pairs) for pairs in (_PULSE, _WORDS)] == counts
    assert await _index(database) == fresh  # and no version, no stamp is another


async def test_it_goes_on_where_a_dead_process_stopped(clinic: Clinic) -> None:
    await _aged(clinic.database)
    first = Reindexer(clinic.database, batch=5, pause_s=0)
    await first.begin()
    assert await first.turn() == 5
    second = Reindexer(clinic.database, batch=1000, pause_s=0)
    await second.begin()
    async with clinic.database.transaction() as tx:
        total = (await tx.execute(text("SELECT count(*) FROM resource"))).scalar_one()
    assert await second.turn() == total - 5
    assert [await second.turn(), await first.turn()] == [None, None]


async def test_it_begins_anew_only_when_the_declarations_have_changed(clinic: Clinic) -> None:
    reindexer = Reindexer(clinic.database, batch=1000, pause_s=0)
    await reindexer.run(asyncio.Event())
    await reindexer.begin()
    assert await reindexer.turn() is None
    async with clinic.database.transaction() as tx:
        await tx.execute(text("UPDATE reindexing SET declarations = 'of an older release'"))
    assert await reindexer.turn() is None  # whoever follows others is at it
    await reindexer.begin()
    assert await reindexer.turn()


async def test_one_resource_that_cannot_be_read_stops_no_other(clinic: Clinic) -> None:
    await _aged(clinic.database)
    async with clinic.database.transaction() as tx:
        spoil = "UPDATE resource SET body = '{' WHERE id IN (SELECT min(id) FROM resource)"
        await tx.execute(text(spoil))
    await Reindexer(clinic.database, batch=3, pause_s=0).run(asyncio.Event())
    assert await _found(clinic.database, _PULSE)


async def test_publishing_goes_on_beside_it(clinic: Clinic) -> None:
    await _aged(clinic.database)
    await clinic.analyse(strips(8))
    work = Reindexer(clinic.database, batch=1, pause_s=0).run(asyncio.Event())
    publisher = Publisher(clinic.database, report_interval_s=60)
    await asyncio.gather(work, publisher.turn(), publisher.turn())
    fresh = await _index(clinic.database)
    again = Reindexer(clinic.database, pause_s=0)
    await again.begin(again=True)
    while await again.turn():
        pass
    assert await _index(clinic.database) == fresh
