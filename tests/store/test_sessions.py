"""Claims, cursors and gaps."""

from datetime import timedelta

import pytest
from sqlalchemy import text

from core.alerts import AlertKind, Priority
from core.limits import Limits
from core.local_vault import LocalVault
from store import chunks, limits, sessions, technical, wearing
from store.database import Database
from store.sessions import Claim, Gap, Progress
from store.technical import Condition
from tests.devices import Device, enrol_directly


@pytest.fixture
async def two(database: Database, vault: LocalVault) -> list[Device]:
    made = [await enrol_directly(database, vault, Device()) for _ in range(2)]
    for device in made:
        await send(database, device, 0, 1, 2)
    return made


async def send(database: Database, device: Device, *seqs: int) -> None:
    async with database.transaction() as tx:
        await chunks.append(tx, [device.new_chunk(seq) for seq in seqs])


async def claim(database: Database, *passed_over: int) -> list[Claim]:
    async with database.transaction() as tx:
        return await sessions.claim(tx, 10, 300.0, passed_over)


async def save(database: Database, claimed: Claim, taken: int, *, ended: bool = False) -> None:
    row = claimed.session.row
    async with database.transaction() as tx:
        done = claimed.analysed + taken
        await sessions.save(
            tx, [Progress(row, claimed.next_seq + taken, done, b"state", ended=ended)]
        )


async def test_a_claim_says_all_that_is_needed(database: Database, two: list[Device]) -> None:
    first, second = await claim(database)
    assert first.session.device_id == two[0].id
    assert first.session.session_id == two[0].session_id
    assert (first.next_seq, first.analysed, first.state, first.ended) == (0, 0, None, False)
    assert (first.waiting, first.has_gaps) == (3, False)
    assert (first.has_limits, first.key_failed) == (False, False)
    assert [c.session.row for c in await claim(database, first.session.row)] == [second.session.row]


async def test_a_claim_tells_whose_limits_and_keys_are_to_be_seen_to(
    database: Database, two: list[Device]
) -> None:
    first, _ = await claim(database)
    key = AlertKind.KEY_FAILURE
    async with database.transaction() as tx:
        for number, (device, patient) in enumerate(zip(two, "pq", strict=True)):
            await wearing.put_on(tx, device.id, patient, first.now - timedelta(hours=number))
        await limits.begin(tx, "q", "goal", 1, first.now, Limits())
        why = Condition(first.now, Priority.MEDIUM, "a reason")
        await technical.raise_once(tx, [first.session.row], key, why)
    told = [(c.has_limits, c.key_failed) for c in await claim(database)]
    assert told == [(False, True), (True, False)]
    async with database.transaction() as tx:
        await limits.end(tx, ["goal"], first.now)  # what comes late is judged by them still
        await technical.clear(tx, [first.session.row], key, first.now)
    told = [(c.has_limits, c.key_failed) for c in await claim(database)]
    assert told == [(False, False), (True, False)]


async def test_a_claimed_session_is_nobody_elses(database: Database, two: list[Device]) -> None:
    async with database.transaction() as one, database.transaction() as other:
        (mine,) = await sessions.claim(one, 1, 300.0)
        (yours,) = await sessions.claim(other, 10, 300.0)
        assert mine.session != yours.session
        # And ingest does not have to wait for either.
        await send(database, two[0], 3)


async def test_what_was_touched_longest_ago_comes_first(
    database: Database, two: list[Device]
) -> None:
    first, second = await claim(database)
    await save(database, first, 1)
    assert [c.session for c in await claim(database)] == [second.session, first.session]


async def test_a_session_is_left_alone_until_there_is_more(
    database: Database, two: list[Device]
) -> None:
    for claimed in await claim(database):
        await save(database, claimed, 3)
    assert await claim(database) == []
    await send(database, two[1], 3, 3)
    (again,) = await claim(database)
    assert (again.next_seq, again.waiting, again.state) == (3, 1, b"state")


async def test_an_idle_session_is_claimed_once_to_end(
    database: Database, two: list[Device]
) -> None:
    for claimed in await claim(database):
        await save(database, claimed, 3)
    async with database.transaction() as tx:
        await tx.execute(
            text("UPDATE monitoring_session SET last_received_at = now() - interval '301 s'")
        )
    idle = await claim(database)
    assert [c.waiting for c in idle] == [0, 0]
    for claimed in idle:
        await save(database, claimed, 0, ended=True)
    assert await claim(database) == []
    await send(database, two[0], 3)
    (reopened,) = await claim(database)
    assert reopened.ended


async def test_a_running_session_collects_chunks_between_strips(
    database: Database, two: list[Device]
) -> None:
    async def lingering() -> list[int]:
        async with database.transaction() as tx:
            found = await sessions.claim(tx, 10, 300.0, (), 60.0)
            return [c.waiting for c in found if c.session.device_id == two[0].id]

    assert await lingering() == [3]
    await save(database, (await claim(database))[0], 3)
    await send(database, two[0], 3, 4, 5, 6, 7)
    assert await lingering() == []
    await send(database, two[0], 8)  # the strip has ended
    assert await lingering() == [6]
    await save(database, (await claim(database))[-1], 6)
    await send(database, two[0], 9)  # its last beat may need this one
    assert await lingering() == [1]


async def test_gaps(database: Database, two: list[Device]) -> None:
    row = (await claim(database))[0].session.row
    lost = [Gap(3, 4, b"a"), Gap(6, 6, None), Gap(10, 2**40, b"c")]
    async with database.transaction() as tx:
        for gap in lost:
            await sessions.declare_gap(tx, row, gap)
        assert await sessions.gaps(tx, row) == lost
        assert await sessions.late_gap(tx, row, 30.0) is None
    assert (await claim(database))[0].has_gaps
    await send(database, two[0], 5, 4, 20)
    async with database.transaction() as tx:
        assert await sessions.late_gap(tx, row, 30.0) is None  # more may follow
        assert await sessions.late_gap(tx, row, 0.0) == lost[0]
    await send(database, two[0], 6)
    async with database.transaction() as tx:
        assert await sessions.late_gap(tx, row, 30.0) == lost[1]  # filled
        # 0, 1, 2 and 5; number 4 is stored, but waits in its gap.
        assert await sessions.drop_gaps(tx, row, 6) == 4
        assert await sessions.gaps(tx, row) == lost[:1]


async def test_adopt(database: Database, two: list[Device]) -> None:
    async with database.transaction() as tx:
        assert await sessions.adopt(tx) == 0
        await tx.execute(text("DELETE FROM analysis_cursor"))
    assert await claim(database) == []
    async with database.transaction() as tx:
        assert await sessions.adopt(tx) == 2
    assert len(await claim(database)) == 2
