"""A Bundle's entries share what one answer may hold and take."""

import time

import pytest
from starlette.responses import Response

from api.writes.room import LIMIT_S, Room
from core.errors import TooCostly
from store.database import Database
from tests.api.support import BASE, Client, patient, store

LARGE = {"request": {"method": "GET", "url": "Patient/p1"}}


def test_time_and_bytes_run_out() -> None:
    for room in (Room(bytes=-1), Room(until=time.monotonic() - 1)):
        with pytest.raises(TooCostly):
            room.enter()
    fresh = Room(bytes=5)
    fresh.take(Response(b"12345"))
    fresh.enter()
    fresh.take(Response(b"6"))
    with pytest.raises(TooCostly):
        fresh.enter()
    assert 0 < Room().until - time.monotonic() <= LIMIT_S


async def test_a_batch_of_large_answers_ends_at_its_bound(
    writer: Client, database: Database
) -> None:
    await store(database, patient("p1", name=[{"text": "x" * 400_000}]))
    sent = {"resourceType": "Bundle", "type": "batch", "entry": [LARGE] * 500}
    answer = await writer.http.post(BASE, json=sent)
    statuses = [each["response"]["status"] for each in answer.json()["entry"]]
    served = statuses.count("200")
    assert 0 < served < 500
    assert statuses == ["200"] * served + ["413"] * (500 - served)
    assert len(answer.content) < 50 << 20
