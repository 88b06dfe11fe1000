import asyncio
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import orjson
import pytest
from sqlalchemy import text

from core.errors import Gone, NotFound
from core.moments import instant
from store import resource_rows, search
from store.criteria import Query, SortColumn, SortKey, TokenClause, TokenValue
from store.database import Database
from store.index import Index, Token
from store.resources import (
    Draft,
    Stored,
    history,
    latest_stamp,
    put_many,
    read,
    read_many,
    vread,
)


def _draft(name: str, value: int = 0, *tokens: Token, **more: Any) -> Draft:
    body = {"resourceType": "Basic", "id": name, "value": value}
    return Draft("Basic", name, body, Index("p1", tokens=tokens), **more)


async def _put(database: Database, *drafts: Draft) -> list[Stored]:
    async with database.transaction() as tx:
        return await put_many(tx, drafts)


async def _found(database: Database, param: str, value: TokenValue) -> list[str]:
    query = Query("Basic", (TokenClause((param,), (value,)),), (SortKey(SortColumn.ID),))
    async with database.transaction() as tx:
        return [found.document.id for found in await search.find(tx, query, 10)]


async def test_version_and_stamp_are_in_the_json(database: Database) -> None:
    draft = Draft(
        "Basic", "a", {"resourceType": "Basic", "id": "a", "meta": {"profile": ["urn:x"]}}
    )
    (stored,) = await _put(database, draft)
    async with database.transaction() as tx:
        document = await read(tx, "Basic", "a")
    assert (stored.version, stored.changed) == (1, True)
    assert orjson.loads(document.body)["meta"] == {
        "versionId": "1",
        "lastUpdated": instant(stored.last_updated),
        "profile": ["urn:x"],
    }
    assert stored.last_updated.microsecond % 1000 == 0


async def test_the_same_again_changes_nothing(database: Database) -> None:
    (first,) = await _put(database, _draft("a"))
    (again,) = await _put(database, _draft("a"))
    assert again == Stored("Basic", "a", 1, first.last_updated, changed=False)
    async with database.transaction() as tx:
        assert await latest_stamp(tx) == first.last_updated
        assert len(await history(tx, "Basic", "a", 10)) == 1


async def test_another_content_or_rendering_is_a_new_version(database: Database) -> None:
    await _put(database, _draft("a"))
    await _put(database, _draft("a", 1))
    (third,) = await _put(database, _draft("a", 1, render={"session": 1}))
    assert third.version == 3
    async with database.transaction() as tx:
        versions = await history(tx, "Basic", "a", 10)
        assert [v.version for v in versions] == [3, 2, 1]
        assert [orjson.loads(v.body)["value"] for v in versions] == [1, 1, 0]
        assert [v.render for v in versions] == [{"session": 1}, None, None]
        assert (await vread(tx, "Basic", "a", 2)).version == 2
        with pytest.raises(NotFound):
            await vread(tx, "Basic", "a", 4)


async def test_a_batch_is_answered_in_its_order_and_the_last_draft_counts(
    database: Database,
) -> None:
    await _put(database, _draft("b"))
    stored = await _put(database, _draft("c"), _draft("b"), _draft("a"), _draft("a", 7))
    assert [(s.id, s.changed) for s in stored] == [
        ("c", True),
        ("b", False),
        ("a", True),
        ("a", True),
    ]
    assert {s.version for s in stored} == {1}
    async with database.transaction() as tx:
        assert orjson.loads((await read(tx, "Basic", "a")).body)["value"] == 7


async def test_stamps_strictly_increase(database: Database) -> None:
    async with database.transaction() as tx:
        stamps = [(await put_many(tx, [_draft("a", n)]))[0].last_updated for n in range(20)]
    assert all(b - a >= timedelta(milliseconds=1) for a, b in pairwise(stamps))


async def test_index_rows_are_replaced(database: Database) -> None:
    await _put(database, _draft("a", 0, Token("code", "x", "s"), Token("code", "x", "t")))
    for value in (TokenValue("x"), TokenValue("x", "s"), TokenValue("x", "t")):
        assert await _found(database, "code", value) == ["a"]
    assert await _found(database, "code", TokenValue("x", "")) == []
    await _put(database, _draft("a", 1, Token("code", "y")))
    assert await _found(database, "code", TokenValue("x")) == []
    for value in (TokenValue("y"), TokenValue("y", ""), TokenValue(None, "")):
        assert await _found(database, "code", value) == ["a"]


async def test_deletion(database: Database) -> None:
    await _put(database, _draft("a", 0, Token("code", "x")))
    (gone,) = await _put(database, Draft("Basic", "a", None))
    assert gone.version == 2
    assert not (await _put(database, Draft("Basic", "a", None)))[0].changed
    assert (await _put(database, Draft("Basic", "never", None)))[0].version == 0
    assert await _found(database, "code", TokenValue("x")) == []
    async with database.transaction() as tx:
        with pytest.raises(Gone):
            await read(tx, "Basic", "a")
        with pytest.raises(NotFound):
            await read(tx, "Basic", "never")
        assert [v.deleted for v in await history(tx, "Basic", "a", 10)] == [True, False]
    assert (await _put(database, _draft("a")))[0].version == 3


async def _poll(database: Database, since: datetime | None) -> dict[str, datetime]:
    """What a client sees that asks for all that is newer than the newest it has seen."""
    newer = text("SELECT id, last_updated FROM resource WHERE :since < last_updated")
    async with database.transaction() as tx:
        earliest = datetime.fromisoformat("2000-01-01T00:00:00+00:00")
        rows = await tx.execute(newer, {"since": since or earliest})
        return {row.id: row.last_updated for row in rows}


async def test_many_are_read_at_once(database: Database) -> None:
    async with database.transaction() as tx:
        await put_many(tx, [_draft("a"), _draft("b"), _draft("c")])
        await put_many(tx, [Draft("Basic", "c", None)])
        keys = [("Basic", name) for name in "abcx"]
        assert {found.id for found in await read_many(tx, keys)} == {"a", "b"}
        assert await read_many(tx, []) == []


async def test_a_slow_writer_hides_nothing_from_a_poller(database: Database) -> None:
    """Fails if the clock's row is not held until the commit."""
    slow_has_stamp, fast_may_go_on = asyncio.Event(), asyncio.Event()

    async def slow() -> None:
        async with database.transaction() as tx:
            await put_many(tx, [_draft("slow")])
            slow_has_stamp.set()
            await fast_may_go_on.wait()

    async def fast() -> None:
        await slow_has_stamp.wait()
        await _put(database, _draft("fast"))

    writers = [asyncio.create_task(slow()), asyncio.create_task(fast())]
    await slow_has_stamp.wait()
    await asyncio.sleep(0.2)  # time for the fast one to overtake, were it not held back
    first = await _poll(database, None)
    fast_may_go_on.set()
    await asyncio.gather(*writers)
    second = await _poll(database, max(first.values(), default=None))
    assert first.keys() | second.keys() == {"slow", "fast"}


async def test_many_writers_commit_in_the_order_of_their_stamps(database: Database) -> None:
    seen: dict[str, datetime] = {}
    done = asyncio.Event()

    async def poll() -> None:
        while True:
            last_time = done.is_set()
            fresh = await _poll(database, max(seen.values(), default=None))
            seen.update(fresh)
            if last_time:
                return

    async def write(who: int) -> None:
        for n in range(20):
            await _put(database, _draft(f"{who}-{n}"))

    poller = asyncio.create_task(poll())
    await asyncio.gather(*(write(who) for who in range(4)))
    done.set()
    await poller
    assert len(seen) == 80


async def test_two_writers_of_one_resource_make_two_versions(database: Database) -> None:
    results = await asyncio.gather(*(_put(database, _draft("a", n)) for n in range(6)))
    assert sorted(stored[0].version for stored in results) == [1, 2, 3, 4, 5, 6]


async def test_nothing_is_written_for_nothing(database: Database) -> None:
    async with database.transaction() as tx:
        assert await put_many(tx, []) == []
        await resource_rows.write(tx, [])
        assert await latest_stamp(tx) is None
