"""The matcher against a real Postgres: each version once, in order, without gaps."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from sqlalchemy import event as sql_event
from sqlalchemy import text

from alerting.subscriptions.matcher import KEPT, Matcher
from core.errors import Unavailable
from fhir.subscriptions.turns import turn
from store.database import Database
from store.subscriptions import cursor, events, state
from store.subscriptions.state import Status
from tests.alerting.subscriptions.feed import (
    NOW,
    delete,
    flag,
    had,
    put,
    standing,
    subscribe,
    told,
)
from tests.fhir.subscriptions.samples import subscription


async def match(database: Database, count: int = 500) -> None:
    matcher = Matcher(database, now=lambda: NOW, count=count)
    while await matcher.turn():
        pass


async def test_versions_since_are_numbered_in_their_order(database: Database) -> None:
    await put(database, flag("before"))
    await subscribe(database, "s", subscription())
    await put(database, flag("b"), flag("a"))
    await put(database, flag("b", status="inactive"))
    await delete(database, "Flag", "a", "p1")
    await put(database, flag("a"))
    await match(database)
    assert told(await had(database, "s")) == [
        (1, "a", 1, "create"),
        (2, "b", 1, "create"),
        (3, "b", 2, "update"),
        (4, "a", 2, "delete"),
        (5, "a", 3, "create"),
    ]
    assert (await standing(database, "s")).events == 5
    assert {e.patient_id for e in await had(database, "s")} == {"p1"}


async def test_each_gets_what_it_asked_for(database: Database) -> None:
    await subscribe(database, "mine", subscription("Flag?patient=p1"))
    await subscribe(database, "ended", subscription("Flag?status=inactive"))
    await subscribe(database, "all", subscription())
    await put(database, flag("a"), flag("b", "p2"))
    await put(database, flag("a", status="inactive"))
    await delete(database, "Flag", "a", "p1")
    await match(database)
    assert told(await had(database, "mine")) == [(1, "a", 1, "create"), (2, "a", 2, "update")]
    assert told(await had(database, "ended")) == [(1, "a", 2, "update")]
    assert [e.number for e in await had(database, "all")] == [1, 2, 3, 4]


async def test_a_deletion_is_judged_by_what_was_deleted(database: Database) -> None:
    await subscribe(database, "s", subscription(subscription()["criteria"], "Flag?status=inactive"))
    await put(database, flag("a"), flag("b", status="inactive"))
    await delete(database, "Flag", "a", "p1")
    await delete(database, "Flag", "b", "p1")
    await match(database)
    assert told(await had(database, "s")) == [(1, "b", 1, "create"), (2, "b", 2, "delete")]


@pytest.mark.parametrize("count", [1, 3, 7])
async def test_small_batches_find_the_same(database: Database, count: int) -> None:
    await subscribe(database, "s", subscription())
    for n in range(6):
        await put(database, *(flag(f"{n}-{k}") for k in range(n + 1)))
    await put(database, *(flag(f"0-{k}", status="inactive") for k in range(1)))
    await match(database, count)
    found = await had(database, "s")
    assert [e.number for e in found] == list(range(1, 23))
    assert [e.id for e in found] == [
        *(f"{n}-{k}" for n in range(6) for k in range(n + 1)),
        "0-0",
    ]


async def test_superseded_versions_are_not_missed(database: Database) -> None:
    await subscribe(database, "s", subscription())
    for n in range(20):
        await put(database, flag("a", status=("active", "inactive")[n % 2]))
    await match(database, 4)
    assert [e.version for e in await had(database, "s")] == list(range(1, 21))


async def test_error_counts_and_off_does_not(database: Database) -> None:
    await subscribe(database, "s", subscription())
    async with database.transaction() as tx:
        await turn(tx, "s", Status.ERROR, "no answer")
    await put(database, flag("a"))
    await match(database)
    assert ((found := await standing(database, "s")).events, found.status) == (1, Status.ERROR)
    async with database.transaction() as tx:
        await turn(tx, "s", Status.OFF)
    await put(database, flag("b"))
    await match(database)
    await put(database, flag("c"))  # not matched before it is asked for again
    await subscribe(database, "s", subscription())
    await put(database, flag("d"))
    await match(database)
    assert told(await had(database, "s")) == [(1, "a", 1, "create"), (2, "d", 1, "create")]


async def test_asking_again_from_an_error_loses_nothing(database: Database) -> None:
    await subscribe(database, "s", subscription())
    await put(database, flag("a"))
    async with database.transaction() as tx:
        await turn(tx, "s", Status.ERROR, "no answer")
    await put(database, flag("b"))
    await subscribe(database, "s", subscription(reason="again"))
    await put(database, flag("c"))
    await match(database)
    assert [e.id for e in await had(database, "s")] == ["a", "b", "c"]
    assert (await standing(database, "s")).status is Status.REQUESTED


async def test_a_matcher_that_starts_late_begins_with_the_first(database: Database) -> None:
    await put(database, flag("before"))
    await subscribe(database, "s", subscription())
    await put(database, flag("a"))
    await match(database)
    assert [e.id for e in await had(database, "s")] == ["a"]


async def test_many_at_once_number_each_event_once(database: Database) -> None:
    await subscribe(database, "s", subscription())
    await subscribe(database, "t", subscription())
    for n in range(40):
        await put(database, flag(f"f{n:02}"))
    matchers = [Matcher(database, now=lambda: NOW, count=3) for _ in range(4)]

    async def work(matcher: Matcher) -> None:
        for _ in range(30):
            await matcher.turn()

    await asyncio.gather(*(work(matcher) for matcher in matchers))
    await match(database)  # who finds the cursor taken does nothing
    for id_ in ("s", "t"):
        found = await had(database, id_)
        assert [e.number for e in found] == list(range(1, 41))
        assert [e.id for e in found] == [f"f{n:02}" for n in range(40)]


class Killer:
    """Kills at one statement: the connection breaks before it."""

    def __init__(self, fatal: int) -> None:
        self.fatal = fatal
        self.seen = 0

    def __call__(self, *_: object, **__: object) -> None:
        self.seen += 1
        if self.seen == self.fatal:
            raise ConnectionError("killed")


async def killed(database: Database, fatal: int) -> bool:
    """One turn that dies at that statement; False if it did not come to it."""
    engine, killer = database._engine.sync_engine, Killer(fatal)
    sql_event.listen(engine, "before_cursor_execute", killer)
    try:
        await Matcher(database, now=lambda: NOW, count=4).turn()
    except (ConnectionError, Unavailable):
        return True
    finally:
        sql_event.remove(engine, "before_cursor_execute", killer)
    return False


async def test_killed_anywhere_it_is_as_if_it_had_not_begun(database: Database) -> None:
    await subscribe(database, "s", subscription())
    for n in range(9):
        await put(database, flag(f"f{n}"))
    fatal = 1
    while await killed(database, fatal):
        fatal += 1
    await match(database)
    assert fatal > 6
    assert [(e.number, e.id) for e in await had(database, "s")] == [
        (n + 1, f"f{n}") for n in range(9)
    ]


async def test_without_subscriptions_no_version_is_read(database: Database) -> None:
    await put(database, flag("a"))
    await match(database)
    await put(database, flag("b"))
    statements: list[str] = []

    def note(_c: object, _cur: object, statement: str, *_: object) -> None:
        statements.append(statement)

    sql_event.listen(database._engine.sync_engine, "before_cursor_execute", note)
    await match(database)
    sql_event.remove(database._engine.sync_engine, "before_cursor_execute", note)
    assert len(statements) == 4
    assert not any("resource_version" in statement for statement in statements)
    async with database.transaction() as tx:
        assert await cursor.behind_s(tx) == 0


async def test_it_tells_how_far_behind_it_is(database: Database) -> None:
    async with database.transaction() as tx:
        assert await cursor.behind_s(tx) == 0
    await put(database, flag("a"))
    await match(database)
    await put(database, flag("b"))
    async with database.transaction() as tx:
        assert await cursor.behind_s(tx) > 0


async def test_what_cannot_be_read_stops_nobody(database: Database) -> None:
    await subscribe(database, "s", subscription())
    await put(database, flag("a"), flag("b"))
    async with database.transaction() as tx:
        await tx.execute(text("UPDATE resource SET body = '{' WHERE id = 'a'"))
    await match(database)
    assert [e.id for e in await had(database, "s")] == ["b"]


async def test_one_that_is_no_longer_supported_says_so(database: Database) -> None:
    await subscribe(database, "s", subscription())
    spoil = (
        "UPDATE resource SET body = convert_to(replace(convert_from(body, 'UTF8'), :a, :b), 'UTF8')"
    )
    async with database.transaction() as tx:
        await tx.execute(text(spoil + " WHERE id = 's'"), {"a": "alerts", "b": "alarms"})
    await put(database, flag("a"))
    await match(database)
    found = await standing(database, "s")
    assert (found.status, found.events) == (Status.ERROR, 0)
    assert "no topic" in (found.error or "")
    await put(database, flag("b"))
    await match(database)  # it is told once
    async with database.transaction() as tx:
        count = "SELECT version FROM resource WHERE id = 's'"
        assert (await tx.execute(text(count))).scalar_one() == 2


def clock(start: datetime) -> tuple[Callable[[], datetime], Callable[[timedelta], None]]:
    """A time that stands still until it is moved."""
    at = [start]

    def move(by: timedelta) -> None:
        at[0] += by

    return lambda: at[0], move


async def test_events_are_kept_for_a_week(database: Database) -> None:
    now, move = clock(NOW)
    matcher = Matcher(database, now=now, count=500)
    await subscribe(database, "s", subscription())
    await put(database, flag("a"))
    await matcher.turn()
    move(KEPT - timedelta(seconds=1))
    await put(database, flag("b"))
    await matcher.turn()
    await matcher.tidy()
    assert [e.number for e in await had(database, "s")] == [1, 2]
    move(timedelta(seconds=2))
    await matcher.tidy()
    assert [e.number for e in await had(database, "s")] == [2]
    async with database.transaction() as tx:
        assert await events.oldest(tx, "s") == 2
    await put(database, flag("c"))
    await matcher.turn()
    assert [e.number for e in await had(database, "s")] == [2, 3]


async def test_it_ends_when_it_was_to_end(database: Database) -> None:
    now, move = clock(NOW)
    await subscribe(database, "s", subscription(end="2026-03-01T13:00:00Z"))
    matcher = Matcher(database, now=now)
    await matcher.tidy()
    assert (await standing(database, "s")).status is Status.REQUESTED
    move(timedelta(hours=1))
    await matcher.tidy()
    assert (await standing(database, "s")).status is Status.OFF
    await put(database, flag("a"))  # after its end, too, by the stamp
    await match(database)
    assert await had(database, "s") == []


async def test_it_runs_until_it_is_told_to_stop(database: Database) -> None:
    await subscribe(database, "s", subscription())
    stop = asyncio.Event()
    woken = database.listen("event")
    running = asyncio.create_task(Matcher(database, poll_s=60).run(stop))
    await asyncio.sleep(0.1)
    async with database.transaction() as tx:
        await database.notify(tx, "resource")
    await put(database, flag("a"))
    async with database.transaction() as tx:
        await database.notify(tx, "resource")
    async with asyncio.timeout(20):
        while not await had(database, "s"):
            await woken.wait(0.5)
    stop.set()
    await running


async def test_it_outlives_the_database_being_away(database: Database) -> None:
    await subscribe(database, "s", subscription())
    async with database.transaction() as tx:
        await tx.execute(text("ALTER TABLE subscription_cursor RENAME TO gone"))
    stop = asyncio.Event()
    running = asyncio.create_task(Matcher(database, poll_s=0.05).run(stop))
    await asyncio.sleep(0.2)
    async with database.transaction() as tx:
        await tx.execute(text("ALTER TABLE gone RENAME TO subscription_cursor"))
        await database.notify(tx, "resource")
    await put(database, flag("a"))
    async with asyncio.timeout(20):
        while not await had(database, "s"):
            await asyncio.sleep(0.05)
            async with database.transaction() as tx:
                await database.notify(tx, "resource")
    stop.set()
    await running


async def test_a_subscription_and_its_events_go_together(database: Database) -> None:
    await subscribe(database, "s", subscription())
    await put(database, flag("a"))
    await match(database)
    async with database.transaction() as tx:
        await state.remove(tx, "s")
        assert await state.read(tx, "s") is None
        assert await events.append(tx, {"s": []}, NOW) == []
        await turn(tx, "s", Status.ACTIVE)
        await turn(tx, "nobody", Status.ACTIVE)
    assert await had(database, "s") == []
