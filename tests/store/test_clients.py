"""Clients, used assertions and revoked tokens."""

from datetime import UTC, datetime, timedelta

import pytest

from core.errors import NotFound
from store import clients
from store.database import Database

SOON = datetime.now(UTC) + timedelta(days=1)  # later than any run of the tests lasts
LONG_AGO = datetime.now(UTC) - timedelta(hours=1)


@pytest.fixture(autouse=True)
async def known(database: Database) -> None:
    async with database.transaction() as tx:
        for name in ("a", "b"):
            await clients.add(tx, name, name.upper(), ["system/*.rs"], jwks={"keys": []})


async def test_found_and_listed(database: Database) -> None:
    async with database.transaction() as tx:
        found = await clients.find(tx, "a")
        assert found is not None
        assert (found.name, found.scopes, found.jwks) == ("A", ("system/*.rs",), {"keys": []})
        assert await clients.find(tx, "c") is None
        assert [c.id for c in await clients.listing(tx, 10)] == ["a", "b"]
        assert len(await clients.listing(tx, 1)) == 1


async def test_an_assertion_counts_once_for_each_client(database: Database) -> None:
    async with database.transaction() as tx:
        assert await clients.use_assertion(tx, "a", "1", SOON)
    async with database.transaction() as tx:
        assert not await clients.use_assertion(tx, "a", "1", SOON)
        assert await clients.use_assertion(tx, "b", "1", SOON)


async def test_what_expired_long_ago_is_forgotten(database: Database) -> None:
    async with database.transaction() as tx:
        assert await clients.use_assertion(tx, "a", "old", LONG_AGO)
        assert await clients.use_assertion(tx, "a", "old", SOON)
        await clients.revoke(tx, "a", "old", LONG_AGO)
        assert (await clients.refused(tx)).tokens == frozenset()


async def test_refused(database: Database) -> None:
    async with database.transaction() as tx:
        for _ in range(2):
            await clients.revoke(tx, "a", "t", SOON)
            await clients.disable(tx, "b")
        assert await clients.refused(tx) == clients.Refused(frozenset({"t"}), frozenset({"b"}))
        with pytest.raises(NotFound):
            await clients.disable(tx, "c")
