"""Multiplied Observations are what ``put_many`` would have written, and ``verify`` would notice."""

import random

import pytest
from sqlalchemy import text

from benchmarks.population import CODES, Population, populate, verify
from store.database import Database

SPOILT = [
    "UPDATE resource SET digest = sha256(digest)",
    "UPDATE resource SET at = at + interval '1 s'",
    "UPDATE resource_token SET code = code || '.1' WHERE param = 'identifier'",
    "DELETE FROM resource_token WHERE param = 'code'",
]


async def test_as_many_as_asked_for_and_sound(database: Database, database_url: str) -> None:
    population = await populate(database, database_url, 1000)
    assert population == Population(("p0", "p1"), 24)
    assert population.count == 1000
    names = {population.some_id(random.Random(n)) for n in range(50)}
    assert all(name.split(".")[1] in CODES for name in names)
    async with database.transaction() as tx:
        counts = text("SELECT count(*), count(DISTINCT at), count(DISTINCT digest) FROM resource")
        assert tuple((await tx.execute(counts)).one()) == (1000, 25, 1000)
        indexes = text("SELECT count(*) FROM pg_indexes WHERE indexname = 'resource_at_idx'")
        assert (await tx.execute(indexes)).scalar_one() == 1
    for spoil in SPOILT:
        async with database.transaction() as tx:
            await tx.execute(text(spoil))
            with pytest.raises(RuntimeError, match="a copy has"):
                await verify(tx, population)
            await tx.rollback()
