"""Numbered events: read in parts, with the versions that they tell of, and forgotten."""

from datetime import UTC, datetime, timedelta

from store.database import Database
from store.index import Index
from store.resources import Draft, put_many
from store.subscriptions import events, state
from store.subscriptions.events import Happened, Trigger
from store.subscriptions.state import Asked, Status

NOW = datetime(2026, 3, 1, tzinfo=UTC)


async def _asked(database: Database, *ids: str) -> None:
    async with database.transaction() as tx:
        for id_ in ids:
            asked = Asked(id_, "ehr", ("a", "b"), Status.REQUESTED, "websocket", None, None)
            await state.request(tx, asked, NOW, NOW)


def _happened(version: int) -> Happened:
    trigger = Trigger.CREATE if version == 1 else Trigger.UPDATE
    return Happened("Basic", "a", version, trigger, "p1", NOW + timedelta(seconds=version))


async def test_numbers_go_on_and_parts_are_read(database: Database) -> None:
    await _asked(database, "s", "t")
    for first in (1, 4):
        async with database.transaction() as tx:
            found = {"s": [_happened(first + n) for n in range(3)], "gone": [_happened(1)]}
            assert await events.append(tx, found, NOW) == ["s"]
    async with database.transaction() as tx:
        assert [e.number for e in await events.read(tx, "s", 0)] == [1, 2, 3, 4, 5, 6]
        assert [e.version for e in await events.read(tx, "s", 2, 4)] == [2, 3, 4]
        assert [e.number for e in await events.read(tx, "s", 2, count=2)] == [2, 3]
        assert await events.read(tx, "t", 0) == []
        (one,) = await events.read(tx, "s", 1, 1)
        assert (one.key, one.trigger, one.patient_id) == (("Basic", "a", 1), Trigger.CREATE, "p1")
        states = await state.read_many(tx, ["t", "s", "nobody"])
        assert [(each.id, each.events, each.scopes) for each in states] == [
            ("s", 6, ("a", "b")),
            ("t", 0, ("a", "b")),
        ]


async def test_the_versions_that_they_tell_of(database: Database) -> None:
    await _asked(database, "s")
    for value in range(3):
        body = {"resourceType": "Basic", "id": "a", "value": value}
        async with database.transaction() as tx:
            await put_many(tx, [Draft("Basic", "a", body)])
    async with database.transaction() as tx:
        await put_many(tx, [Draft("Basic", "a", None, Index("p1"))])
        await events.append(tx, {"s": [_happened(n) for n in (1, 3, 4, 9)]}, NOW)
    async with database.transaction() as tx:
        listed = await events.read(tx, "s", 0)
        found = await events.contents(tx, listed)
    assert sorted(version for _, _, version in found) == [1, 3, 4]
    assert found["Basic", "a", 1].body.endswith(b'"value":0}')
    assert [d.deleted for d in found.values()].count(True) == 1


async def test_what_is_old_is_forgotten_in_parts(database: Database) -> None:
    await _asked(database, "s")
    for hour in range(4):
        async with database.transaction() as tx:
            at = NOW + timedelta(hours=hour)
            await events.append(tx, {"s": [_happened(hour + 1)]}, at)
    limit = NOW + timedelta(hours=3)
    async with database.transaction() as tx:
        assert await events.prune(tx, limit, 2) == 2
        assert await events.oldest(tx, "s") == 3
        assert await events.prune(tx, limit, 2) == 1
        assert await events.prune(tx, limit, 2) == 0
        assert await events.oldest(tx, "s") == 4
        await state.remove(tx, "s")
        assert await events.oldest(tx, "s") is None
