"""Chunks are stored exactly once, and what is said to be stored is stored."""

import asyncio
import random
import secrets
from collections.abc import Iterable
from itertools import groupby, pairwise

from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from store import chunks
from store.chunks import MAX_STORED_SEQ, Appended, Fate, NewChunk
from store.custody import LISTED, REACH, STRIDE, Run, listed, spans_around
from store.database import Database
from tests.devices import Device


async def _append(database: Database, batch: Iterable[NewChunk]) -> Appended:
    async with database.transaction() as tx:
        return await chunks.append(tx, list(batch))


async def _sessions(database: Database) -> list[tuple[int, int, int]]:
    """Row, watermark and count of every session."""
    async with database.transaction() as tx:
        query = text("SELECT id, watermark, chunks FROM monitoring_session ORDER BY id")
        return [(row[0], row[1], row[2]) for row in await tx.execute(query)]


async def test_new_then_duplicate_then_conflict(database: Database, device: Device) -> None:
    first = await _append(database, [device.new_chunk(0), device.new_chunk(1)])
    assert first.fates == [Fate.INSERTED, Fate.INSERTED]
    assert [(held.watermark, held.ranges) for held in first.custody] == [(2, ())]
    again = await _append(
        database, [device.new_chunk(1), device.new_chunk(0, 7), device.new_chunk(2)]
    )
    assert again.fates == [Fate.DUPLICATE, Fate.CONFLICT, Fate.INSERTED]
    assert again.custody[0].watermark == 3
    [(row, watermark, count)] = await _sessions(database)
    assert (watermark, count) == (3, 3)
    async with database.transaction() as tx:
        stored = await chunks.read(tx, row, 0, 10)
    assert [found.frame for found in stored] == [device.chunk(seq) for seq in range(3)]


async def test_copies_inside_one_batch(database: Database, device: Device) -> None:
    batch = [device.new_chunk(0), device.new_chunk(0), device.new_chunk(0, 5)]
    appended = await _append(database, batch)
    assert appended.fates == [Fate.INSERTED, Fate.DUPLICATE, Fate.CONFLICT]
    assert [row[1:] for row in await _sessions(database)] == [(1, 1)]


async def test_pure_duplicates_are_answered_and_change_nothing(
    database: Database, device: Device
) -> None:
    await _append(database, [device.new_chunk(seq) for seq in (0, 1, 5)])
    before = await _sessions(database)
    appended = await _append(database, [device.new_chunk(5)])
    assert (appended.custody[0].watermark, appended.custody[0].ranges) == (2, ((5, 5),))
    assert await _sessions(database) == before


async def test_conflict_alone_is_not_acknowledged(database: Database, device: Device) -> None:
    await _append(database, [device.new_chunk(0)])
    appended = await _append(database, [device.new_chunk(0, 9)])
    assert appended.fates == [Fate.CONFLICT]
    assert appended.custody == []


async def test_other_epoch_cannot_write_into_a_session(database: Database, device: Device) -> None:
    await _append(database, [device.new_chunk(0)])
    other = NewChunk(device.id, 2, device.session_id, 1, device.chunk(1))
    assert (await _append(database, [other, device.new_chunk(2)])).fates == [
        Fate.OTHER_EPOCH,
        Fate.INSERTED,
    ]


async def test_revocation_is_obeyed_at_once(database: Database, device: Device) -> None:
    await _append(database, [device.new_chunk(0)])
    for statement in (
        "UPDATE device SET status = 'revoked'",
        "UPDATE device SET status = 'active'",
        "UPDATE device_key SET status = 'revoked'",
        "UPDATE device_key SET status = 'retired'",
    ):
        async with database.transaction() as tx:
            await tx.execute(text(statement))
        appended = await _append(database, [device.new_chunk(1)])
        assert (appended.fates == [Fate.BARRED]) == ("revoked" in statement)


async def test_revoked_device_begins_no_session(database: Database, device: Device) -> None:
    async with database.transaction() as tx:
        await tx.execute(text("UPDATE device SET status = 'revoked'"))
    assert (await _append(database, [device.new_chunk(0)])).fates == [Fate.BARRED]
    assert await _sessions(database) == []


async def test_a_session_begins_with_its_cursor(database: Database, device: Device) -> None:
    await _append(database, [device.new_chunk(0)])
    async with database.transaction() as tx:
        cursors = await tx.execute(text("SELECT session, next_seq FROM analysis_cursor"))
        assert [tuple(row) for row in cursors] == [(row[0], 0) for row in await _sessions(database)]


async def test_any_order_ends_with_the_whole(database: Database, device: Device) -> None:
    rng = random.Random(1)
    order = list(range(300))
    rng.shuffle(order)
    stored: set[int] = set()
    for start in range(0, 300, 23):
        batch = order[start : start + 23]
        appended = await _append(database, map(device.new_chunk, batch))
        stored |= set(batch)
        [held] = appended.custody
        assert held.watermark == next(n for n in range(301) if n not in stored)
        said = {n for first, last in held.ranges for n in range(first, last + 1)}
        said |= set(range(held.watermark))
        assert set(batch) <= said <= stored
    assert [row[1:] for row in await _sessions(database)] == [(300, 300)]


async def test_watermark_passes_long_old_islands(database: Database, device: Device) -> None:
    """The hole is filled last: everything above it, far beyond our reach, counts at once."""
    top = REACH + 2 * STRIDE + 77
    for start in range(1, top, 1000):
        sealed = device.chunk(0)  # one frame for all: the store does not open it
        span = range(start, min(start + 1000, top))
        batch = [NewChunk(device.id, 1, device.session_id, seq, sealed) for seq in span]
        [held] = (await _append(database, batch)).custody
        assert held.watermark == 0
        assert held.ranges[-1][1] == span[-1]
    [held] = (await _append(database, [device.new_chunk(0)])).custody
    assert (held.watermark, held.ranges) == (top, ())


async def test_the_last_number(database: Database, device: Device) -> None:
    [held] = (await _append(database, [device.new_chunk(MAX_STORED_SEQ)])).custody
    assert held.ranges == ((MAX_STORED_SEQ, MAX_STORED_SEQ),)


async def test_concurrent_writers_agree(database: Database, device: Device) -> None:
    """Four writers, overlapping shuffled batches of three sessions; each chunk once."""
    sessions = [Device(device.id, device.key, 1, secrets.token_bytes(16)) for _ in range(3)]
    everything = [session.new_chunk(seq) for session in sessions for seq in range(60)]

    async def write(seed: int) -> list[Fate]:
        mine = everything.copy()
        random.Random(seed).shuffle(mine)
        fates: list[Fate] = []
        for start in range(0, len(mine), 20):
            fates += (await _append(database, mine[start : start + 20])).fates
        return fates

    fates = [fate for part in await asyncio.gather(*map(write, range(4))) for fate in part]
    assert fates.count(Fate.INSERTED) == len(everything)
    assert fates.count(Fate.DUPLICATE) == 3 * len(everything)
    assert [row[1:] for row in await _sessions(database)] == [(60, 60)] * 3


async def test_reading_ranges(database: Database, device: Device) -> None:
    await _append(database, [device.new_chunk(seq) for seq in (0, 1, 2, 5, 6, 9)])
    [(row, _, _)] = await _sessions(database)
    async with database.transaction() as tx:
        assert [c.seq for c in await chunks.read(tx, row, 1, 3)] == [1, 2, 5]
        assert [c.seq for c in await chunks.read_samples_range(tx, row, 2, 8)] == [2, 5, 6]
        assert await chunks.read(tx, row + 1, 0, 9) == []
        both = await chunks.read_many(tx, {row: 1, row + 1: 0}, 3)
        assert {of: [c.seq for c in found] for of, found in both.items()} == {
            row: [1, 2, 5],
            row + 1: [],
        }
        assert await chunks.read_many(tx, {}, 3) == {}


SEQS = st.sets(
    st.integers(0, 20_000) | st.integers(MAX_STORED_SEQ - 600, MAX_STORED_SEQ), min_size=1
)


@given(st.integers(0, 21_000), SEQS)
def test_spans_cover_each_number_once(watermark: int, seqs: set[int]) -> None:
    spans = spans_around(watermark, seqs)
    for low, high in spans:
        assert watermark <= low <= high
    for (_, high), (low, _) in pairwise(spans):
        assert high < low
    for seq in seqs:
        covering = [span for span in spans if span[0] <= seq <= span[1]]
        assert len(covering) == (seq >= watermark)


@given(SEQS, st.data())
def test_listed_holds_every_written_number(stored: set[int], data: st.DataObject) -> None:
    runs = _runs(stored)
    written = data.draw(st.sets(st.sampled_from(sorted(stored)), min_size=1))
    shown = listed(runs, written)
    assert shown == sorted(set(shown)) and set(shown) <= set(runs)
    ours = {run for run in runs if any(run[0] <= seq <= run[1] for seq in written)}
    assert ours <= set(shown)
    assert len(shown) == max(len(ours), min(LISTED, len(runs)))


def _runs(stored: set[int]) -> list[Run]:
    grouped = groupby(enumerate(sorted(stored)), key=lambda pair: pair[1] - pair[0])
    runs = [[seq for _, seq in pairs] for _, pairs in grouped]
    return [(run[0], run[-1]) for run in runs]
