"""Histories: their order, pages while others write, and plans that scan no table."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import event, text

from store.database import Database
from store.history import Wanted, place, versions
from store.index import Index
from store.resources import Draft, Stored, put_many

TYPES = ("Basic", "Other")
_FILL = [
    "INSERT INTO resource (type, id, version, last_updated, at, digest, body)"
    " SELECT (ARRAY['Basic', 'Other'])[1 + n % 2], 'r' || n, 3,"
    " timestamptz '2026-01-03Z' + n * interval '1 s', timestamptz '2026-01-01Z', '', '{}'"
    " FROM generate_series(1, 20000) AS n",
    "INSERT INTO resource_version (type, id, version, last_updated, deleted, body)"
    " SELECT r.type, r.id, v, r.last_updated - (3 - v) * interval '1 day', false, '{}'"
    " FROM resource r, generate_series(1, 2) AS v",
    "ANALYZE resource",
    "ANALYZE resource_version",
]


async def _put(database: Database, *names: tuple[str, str, int]) -> list[Stored]:
    drafts = [
        Draft(type_, name, {"resourceType": type_, "id": name, "value": value}, Index(None))
        for type_, name, value in names
    ]
    async with database.transaction() as tx:
        return await put_many(tx, drafts)


async def _all(database: Database, wanted: Wanted, count: int) -> list[tuple[str, str, int]]:
    found: list[tuple[str, str, int]] = []
    while True:
        async with database.transaction() as tx:
            page = await versions(tx, wanted, count)
        found += [(v.type, v.id, v.version) for v in page]
        if len(page) < count:
            return found
        wanted = replace(wanted, after=place(page[-1]))


async def test_newest_first_and_without_ties(database: Database) -> None:
    for value in range(3):
        await _put(database, ("Basic", "a", value), ("Other", "a", value), ("Basic", "b", value))
    expected = [
        (type_, name, version)
        for version in (3, 2, 1)
        for type_, name in (("Other", "a"), ("Basic", "b"), ("Basic", "a"))
    ]
    for count in (1, 2, 3, 20):
        assert await _all(database, Wanted(TYPES), count) == expected
        basic = [version for version in expected if version[0] == "Basic"]
        assert await _all(database, Wanted(("Basic",)), count) == basic
        own = [("Basic", "a", 3), ("Basic", "a", 2), ("Basic", "a", 1)]
        assert await _all(database, Wanted(("Basic",), "a"), count) == own


async def test_what_is_written_meanwhile_hides_and_repeats_nothing(database: Database) -> None:
    for value in range(4):
        await _put(database, *[("Basic", f"r{n}", value) for n in range(5)])
    wanted, found = Wanted(("Basic",)), list[tuple[str, int]]()
    for round_ in range(30):
        async with database.transaction() as tx:
            page = await versions(tx, wanted, 3)
        found += [(v.id, v.version) for v in page]
        if len(page) < 3:
            break
        wanted = replace(wanted, after=place(page[-1]))
        await _put(database, ("Basic", f"r{round_ % 5}", 100 + round_))
        async with database.transaction() as tx:
            await put_many(tx, [Draft("Basic", f"r{(round_ + 1) % 5}", None)])
    expected = {(f"r{n}", version) for n in range(5) for version in (1, 2, 3, 4)}
    assert len(found) == len(set(found))
    assert set(found) == expected


async def test_of_some_types_only_certain_patients(database: Database) -> None:
    bodies = [
        ("Basic", "a", "p1"),
        ("Basic", "b", "p2"),
        ("Other", "a", "p1"),
        ("Other", "b", "p2"),
    ]
    async with database.transaction() as tx:
        for value in range(2):
            drafts = [
                Draft(type_, id_, {"resourceType": type_, "id": id_, "v": value}, Index(owner))
                for type_, id_, owner in bodies
            ]
            await put_many(tx, drafts)
    for count in (1, 2, 10):
        found = await _all(
            database, Wanted(("Other",), narrowed=("Basic",), patients=("p1",)), count
        )
        assert sorted(found) == [
            ("Basic", "a", 1), ("Basic", "a", 2), ("Other", "a", 1), ("Other", "a", 2),
            ("Other", "b", 1), ("Other", "b", 2),
        ]  # fmt: skip
        found = await _all(database, Wanted((), "b", narrowed=("Basic",), patients=("p1",)), count)
        assert found == []


async def test_since_and_at(database: Database) -> None:
    stamps = [(await _put(database, ("Basic", "a", value)))[0].last_updated for value in range(3)]
    width = timedelta(milliseconds=1)
    for n, stamp in enumerate(stamps):
        since = await _all(database, Wanted(("Basic",), since=stamp), 2)
        assert [version for _, _, version in since] == list(range(3, n, -1))
        at = Wanted(("Basic",), low=stamp, high=stamp + width)
        assert [version for _, _, version in await _all(database, at, 2)] == [n + 1]
        before = Wanted(("Basic",), "a", low=stamp - width, high=stamp)
        assert [v for _, _, v in await _all(database, before, 2)] == ([n] if n else [])
    period = Wanted(("Basic",), low=stamps[0], high=stamps[2])
    assert [version for _, _, version in await _all(database, period, 5)] == [2, 1]


MOMENT = datetime(2026, 1, 2, 12, tzinfo=UTC)
WANTED = {
    "one": Wanted(("Basic",), "r78"),
    "one at a time": Wanted(("Basic",), "r78", low=MOMENT, high=MOMENT + timedelta(seconds=1)),
    "a type": Wanted(("Basic",)),
    "a type's next page": Wanted(("Basic",), after=(MOMENT, "Basic", "r5", 2)),
    "a type since": Wanted(("Basic",), since=MOMENT),
    "all": Wanted(TYPES),
    "all, next page": Wanted(TYPES, after=(MOMENT, "Basic", "r5", 2)),
    "all at a time": Wanted(TYPES, low=MOMENT, high=MOMENT + timedelta(seconds=1)),
}


@pytest.mark.parametrize("wanted", WANTED.values(), ids=WANTED)
async def test_no_table_is_scanned(database: Database, wanted: Wanted) -> None:
    sent: list[tuple[str, tuple[object, ...]]] = []

    def remember(_c: object, _u: object, statement: str, values: tuple[object, ...],
                 *_: object) -> None:  # fmt: skip
        sent.append((statement, values))

    async with database.transaction() as tx:
        for statement in _FILL:
            await tx.execute(text(statement))
        event.listen(tx.sync_connection, "before_cursor_execute", remember)
        found = await versions(tx, wanted, 51)
        event.remove(tx.sync_connection, "before_cursor_execute", remember)
        (statement, values) = sent[0]
        rows = await tx.exec_driver_sql(f"EXPLAIN (ANALYZE, COSTS OFF) {statement}", values)
        plan = "\n".join(row[0] for row in rows)
    assert len(found) > 0
    assert "Seq Scan" not in plan, plan
    assert "Index" in plan
    # Only the pages that were asked for are read, per type and table.
    removed = [int(line.split(":")[1]) for line in plan.splitlines() if "Removed by" in line]
    assert sum(removed) < 200 or wanted.low is not None, plan
