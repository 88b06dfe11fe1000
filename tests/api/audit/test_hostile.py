"""Entries that a stranger shapes: none of them keeps those of others from the trail."""

import asyncio

import pytest

from api.audit.entries import MAX_REQUEST_BYTES
from core.audit import Entry
from core.errors import Unavailable
from store.audit_chain import verify
from store.auditor import Auditor
from store.database import Database
from tests.api.audit.support import batches, trail

ENTRY = Entry("read", "GET", b"GET /", 200, 0)
HUGE = ENTRY._replace(request=b"\xff" * MAX_REQUEST_BYTES)


async def test_the_longest_requests_of_many_patients_are_written(database: Database) -> None:
    auditor = Auditor(database)
    page = [HUGE._replace(patient=f"p{n}") for n in range(100)]
    await asyncio.gather(*(auditor.record(page) for _ in range(2)), auditor.record([ENTRY]))
    # 26 MB: in many statements, and the small one was not the last
    assert await batches(database) >= 6
    written = await trail(database)
    assert len(written) == 201
    assert written.index(ENTRY) < 70
    async with database.transaction() as tx:
        assert (await verify(tx)).broken is None


@pytest.mark.parametrize(
    "poison",
    [
        ENTRY._replace(reason="\x00"),
        ENTRY._replace(reason="\ud800"),
        ENTRY._replace(status=10**6),
        ENTRY._replace(repeats=2**63),
    ],
    ids=["NUL", "half a surrogate pair", "no status", "more than 64 bits"],
)
async def test_what_the_database_refuses_fails_alone(database: Database, poison: Entry) -> None:
    auditor = Auditor(database)
    told = await asyncio.gather(
        *(auditor.record([ENTRY]) for _ in range(10)),
        auditor.record([poison]),
        *(auditor.record([ENTRY]) for _ in range(10)),
        return_exceptions=True,
    )
    assert [n for n, each in enumerate(told) if each is not None] == [10]
    assert isinstance(told[10], Unavailable)
    assert await trail(database) == [ENTRY] * 20
    async with database.transaction() as tx:
        assert (await verify(tx)).broken is None
