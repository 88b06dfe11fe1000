"""Transactions, what counts as away, wake-up calls, and healing after a lost server."""

import asyncio
from urllib.parse import urlsplit

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from core.errors import Unavailable
from store.away import is_away, is_misuse
from store.database import POOL_SIZE, Database, driver, notify
from store.listener import Wake
from tests.conftest import with_database


async def _kill_others(database_url: str) -> None:
    """Kill every other backend of the test's database, as an administrator or a crash would."""
    killer = await asyncpg.connect(database_url)
    await killer.execute(
        "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    await killer.close()
    await asyncio.sleep(0.05)  # a backend's socket closes a moment after it


async def test_transaction_commits_or_rolls_back(database: Database) -> None:
    async with database.transaction() as tx:
        await tx.execute(text("CREATE TABLE t (n int)"))
        await tx.execute(text("INSERT INTO t VALUES (1)"))
    with pytest.raises(KeyError):
        async with database.transaction() as tx:
            await tx.execute(text("INSERT INTO t VALUES (2)"))
            raise KeyError
    async with database.transaction() as tx:
        assert (await tx.execute(text("SELECT n FROM t"))).scalars().all() == [1]


async def test_driver_is_inside_the_transaction(database: Database) -> None:
    async with database.transaction() as tx:
        await (await driver(tx)).execute("CREATE TABLE t (n int)")
    with pytest.raises(KeyError):
        async with database.transaction() as tx:
            await (await driver(tx)).execute("INSERT INTO t VALUES (2)")
            raise KeyError
    async with database.transaction() as tx:
        assert (await tx.execute(text("SELECT count(*) FROM t"))).scalar_one() == 0


async def test_session_settings(database: Database) -> None:
    async with database.transaction() as tx:
        for setting, value in {
            "TimeZone": "UTC",
            "statement_timeout": "1min",
            "jit": "off",
        }.items():
            row = await tx.execute(text("SELECT current_setting(:name)"), {"name": setting})
            assert row.scalar_one() == value


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://nobody@127.0.0.1:1/none",
        "postgresql://nobody@/none?host=/nonexistent",
        "postgresql+asyncpg://nobody@127.0.0.1:1/none",
    ],
)
async def test_refused_connection_is_unavailable(url: str) -> None:
    database = Database(url)
    with pytest.raises(Unavailable) as caught:
        async with database.transaction():
            pass
    assert isinstance(caught.value.__cause__, OSError)
    await database.close()


async def test_unknown_database_is_unavailable(database_url: str) -> None:
    database = Database(with_database(database_url, "no_such_database"))
    with pytest.raises(Unavailable, match="does not exist"):
        async with database.transaction():
            pass
    await database.close()


@pytest.mark.parametrize("raw", [False, True])
async def test_killed_connection_is_unavailable_and_heals(
    database: Database, database_url: str, raw: bool
) -> None:
    with pytest.raises(Unavailable):
        async with database.transaction() as tx:
            connection = await driver(tx)
            await _kill_others(database_url)
            if raw:
                await connection.execute("SELECT 1")
            else:
                await tx.execute(text("SELECT 1"))
    async with database.transaction() as tx:
        assert (await tx.execute(text("SELECT 1"))).scalar_one() == 1


async def test_kill_of_idle_pool_is_not_noticed(database: Database, database_url: str) -> None:
    async with database.transaction() as tx:
        await tx.execute(text("SELECT 1"))
    await _kill_others(database_url)
    async with database.transaction() as tx:
        assert (await tx.execute(text("SELECT 1"))).scalar_one() == 1


async def test_statement_timeout_is_unavailable(database_url: str) -> None:
    database = Database(database_url, statement_timeout_s=0.1)
    with pytest.raises(Unavailable):
        async with database.transaction() as tx:
            await tx.execute(text("SELECT pg_sleep(5)"))
    await database.close()


async def test_mistakes_are_not_unavailable(database: Database) -> None:
    with pytest.raises(Exception, match="no_such_table") as caught:
        async with database.transaction() as tx:
            await tx.execute(text("SELECT * FROM no_such_table"))
    assert not isinstance(caught.value, Unavailable)
    assert is_misuse(caught.value) and not is_away(caught.value)
    assert not is_away(ValueError()) and not is_misuse(ValueError())


@pytest.mark.parametrize("statement", ["SELECT 1/0", "INSERT INTO device (id) VALUES (NULL)"])
async def test_bad_data_are_neither_away_nor_misuse(database: Database, statement: str) -> None:
    with pytest.raises(DBAPIError) as caught:
        async with database.transaction() as tx:
            await tx.execute(text(statement))
    assert not is_misuse(caught.value) and not is_away(caught.value)


async def test_notify_wakes_at_commit_only(database: Database) -> None:
    wake, other = database.listen("chunk"), database.listen("finding")
    await _settled(wake)
    await _settled(other)
    async with database.transaction() as tx:
        await notify(tx, "chunk")
        assert not await wake.wait(0.1)
    assert await wake.wait(5.0)
    assert not await wake.wait(0.05)
    assert not await other.wait(0.05)


async def test_call_while_busy_is_not_lost(database: Database) -> None:
    wake = database.listen("chunk")
    await _settled(wake)
    async with database.transaction() as tx:
        await database.notify(tx, "chunk")
    await asyncio.sleep(0.2)
    assert await wake.wait(0.0)


async def test_listener_reconnects_and_wakes(database: Database, database_url: str) -> None:
    wake = database.listen("chunk")
    await _settled(wake)
    await _kill_others(database_url)
    assert await wake.wait(5.0), "a reconnection must wake: a NOTIFY may have been lost"
    await _settled(wake)
    async with database.transaction() as tx:
        await notify(tx, "chunk")
    assert await wake.wait(5.0)


async def _settled(wake: Wake) -> None:
    """Wait out the calls that belong to the connection itself."""
    while await wake.wait(0.3):
        pass


async def test_many_failures_use_up_no_connection(database: Database, database_url: str) -> None:
    name = urlsplit(database_url).path[1:]
    elsewhere = await asyncpg.connect(with_database(database_url, "postgres"))
    async with database.transaction() as tx:
        await tx.execute(text("SELECT 1"))
    await elsewhere.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
    await elsewhere.execute(
        "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = $1", name
    )
    for _ in range(3 * POOL_SIZE):
        with pytest.raises(Unavailable):
            async with database.transaction() as tx:
                await tx.execute(text("SELECT 1"))
    await elsewhere.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")
    await elsewhere.close()
    async with asyncio.timeout(10), database.transaction() as tx:
        assert (await tx.execute(text("SELECT 1"))).scalar_one() == 1


@pytest.mark.parametrize("raw", [False, True])
async def test_cancelled_transactions_use_up_no_connection(database: Database, raw: bool) -> None:
    async def sleep() -> None:
        async with database.transaction() as tx:
            connection = await driver(tx)
            if raw:
                await connection.execute("SELECT pg_sleep(30)")
            await tx.execute(text("SELECT pg_sleep(30)"))

    for _ in range(3):
        sleeping = [asyncio.create_task(sleep()) for _ in range(POOL_SIZE)]
        await asyncio.sleep(0.2)
        for task in sleeping:
            task.cancel()
        await asyncio.gather(*sleeping, return_exceptions=True)
    async with asyncio.timeout(10), database.transaction() as tx:
        assert (await tx.execute(text("SELECT 1"))).scalar_one() == 1
