"""Nothing leaves unaudited: many share a commit, and without the trail there is no answer."""

import asyncio
from collections.abc import Awaitable
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from joserfc.jwk import ECKey
from sqlalchemy import text

from api.tokens import issue
from core.audit import Entry
from core.errors import Unavailable
from store.audit_chain import verify
from store.auditor import Auditor
from store.database import Database
from tests.api.audit.support import batches, trail
from tests.api.support import Client, patient, store

ENTRY = Entry("read", "GET", b"GET /", 200, 0)
_LOCK = text("LOCK TABLE audit_batch IN ACCESS EXCLUSIVE MODE")


async def test_parallel_reads_share_batches_and_each_has_its_entry(
    database: Database, client: Client
) -> None:
    await store(database, *(patient(f"p{n}") for n in range(100)))
    await asyncio.gather(*(client.get(f"Patient/p{n}") for n in range(100)))
    entries = await trail(database)
    assert sorted(e.patient or "" for e in entries) == sorted(f"p{n}" for n in range(100))
    assert await batches(database) < 60
    async with database.transaction() as tx:
        assert (await verify(tx)).broken is None


async def test_the_answer_waits_for_the_commit(database: Database, client: Client) -> None:
    await store(database, patient("p1"))
    async with database.transaction() as tx:
        await tx.execute(_LOCK)
        asked = asyncio.create_task(client.get("Patient/p1"))
        done, _ = await asyncio.wait([asked], timeout=0.3)
        assert not done
    assert (await asked).json()["id"] == "p1"
    assert [entry.patient for entry in await trail(database)] == ["p1"]


async def kill_the_auditor(database: Database) -> None:
    """End the connection that waits to append."""
    kill = text(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )
    async with asyncio.timeout(10):
        killed = False
        while not killed:
            async with database.transaction() as tx:
                killed = bool((await tx.execute(kill)).all())


async def killed(database: Database, asked: Awaitable[Any]) -> Any:
    """What is answered when the trail's connection dies on the way."""
    async with database.transaction() as tx:
        await tx.execute(_LOCK)
        answer = asyncio.ensure_future(asked)
        await kill_the_auditor(database)
        return await answer


async def test_killed_on_the_way_nothing_is_disclosed(database: Database, client: Client) -> None:
    await store(database, patient("p1"))
    answer = await killed(database, client.get("Patient/p1", 503))
    assert "MRN" not in answer.text
    assert answer.headers["retry-after"]
    assert await trail(database) == []
    await client.get("Patient/p1")
    assert len(await trail(database)) == 1


async def test_killed_on_the_way_no_stream_begins(database: Database, client: Client) -> None:
    answer = await killed(database, client.get("Observation?_count=1", 503))
    assert answer.json()["resourceType"] == "OperationOutcome"


async def test_what_changes_something_is_written_before_it_happens(
    database: Database, client: Client
) -> None:
    await client.send("POST", "/enrolment", 415, content=b"x")
    begun, ended = await trail(database)
    assert (begun.interaction, begun.status) == ("enrol", None)
    assert (ended.interaction, ended.status) == ("enrol", 415)


async def test_a_change_that_cannot_be_written_down_is_not_made(
    database: Database, client: Client
) -> None:
    answer = await killed(database, client.send("POST", "/enrolment", 503, content=b"x"))
    assert answer.json()["issue"][0]["code"] == "transient"
    assert await trail(database) == []


async def test_a_failing_batch_fails_all_that_wait_and_no_later_one(database: Database) -> None:
    auditor = Auditor(database)

    async def many() -> list[BaseException | None]:
        records = (auditor.record([ENTRY]) for _ in range(20))
        return await asyncio.gather(*records, return_exceptions=True)

    outcomes = await killed(database, many())
    assert all(isinstance(outcome, Unavailable) for outcome in outcomes)
    await auditor.record([ENTRY])
    assert len(await trail(database)) == 1


async def test_nobody_waits_for_a_trail_that_is_stuck(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("store.audit.LIMIT_S", 0.3)
    auditor = Auditor(database)
    async with database.transaction() as tx:
        await tx.execute(_LOCK)
        for _ in range(2):
            with pytest.raises(Unavailable):
                await auditor.record([ENTRY])
    await auditor.record([ENTRY])
    assert len(await trail(database)) == 1


async def test_more_than_fits_is_turned_away(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("store.auditor.MAX_ENTRIES", 5)
    auditor = Auditor(database)
    outcomes = await asyncio.gather(
        *(auditor.record([ENTRY, ENTRY]) for _ in range(10)), return_exceptions=True
    )
    refused = [outcome for outcome in outcomes if outcome is not None]
    assert refused
    assert all(isinstance(outcome, Unavailable) for outcome in refused)
    assert len(await trail(database)) == 2 * (10 - len(refused))


async def test_a_fault_is_written_down_and_told(
    app: FastAPI, database: Database, token_key: ECKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("wrong")

    monkeypatch.setattr("api.reads.grant", broken)
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://ecg.test") as http:
        headers = {"Authorization": f"Bearer {issue(token_key, ['system/*.rs'], 60)}"}
        assert (await http.get("/fhir/Patient/p1", headers=headers)).status_code == 500
    (entry,) = await trail(database)
    assert (entry.status, entry.outcome) == (500, 8)
