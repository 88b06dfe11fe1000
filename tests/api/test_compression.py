"""Answers are packed for who unpacks them, and caches are told that it depends."""

import pytest

from store.database import Database
from tests.api.support import Client, heart_rate, store


@pytest.mark.parametrize("accepted", ["gzip", "br, gzip;q=0.5", "identity", "br"])
async def test_what_is_accepted(client: Client, database: Database, accepted: str) -> None:
    await store(database, *[heart_rate(f"o{n}") for n in range(10)])
    answer = await client.get("Observation", headers={"Accept-Encoding": accepted})
    packed = "gzip" if "gzip" in accepted else None
    assert answer.headers.get("content-encoding") == packed
    assert {"Accept", "Accept-Encoding"} <= set(answer.headers["vary"].split(", "))
    assert len(answer.json()["entry"]) == 10
