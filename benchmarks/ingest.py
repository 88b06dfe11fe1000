"""The ingest core on a real Postgres beside a bare bulk insert of the same bytes."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import asyncpg

from benchmarks.bed import Bed, dealt, open_bed
from benchmarks.recorder import Recorder
from benchmarks.report import Row
from benchmarks.rounds import Lap, Size, compare, percentiles_ms
from ingest.accept import Ingest
from ingest.frames import Frame, OutcomeKind

NAME = "ingest"
BATCH = 1000
OFFERED_PER_S = 1000
LEAD_S = 0.5
"""Before the first chunk is due: the senders have to be made first."""
IN_FLIGHT = 2000
"""Chunks that await their commit, as of some sixty devices with a window each."""
_BARE = f"bare asyncpg unnest insert, {BATCH} a commit"
_SUBMIT = "submit: verified, committed, acknowledged"
_MAKE = "CREATE TABLE bare (LIKE chunk INCLUDING ALL)"
_INSERT = (
    "INSERT INTO bare (session, seq, frame)"
    " SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bytea[]) ON CONFLICT DO NOTHING"
)


async def run(size: Size) -> list[Row]:
    """Chunks per second flat out, and the latency of a chunk at a moderate load."""
    async with open_bed() as bed, _bare_table(bed) as bare, running_ingest(bed) as core:
        recorders, count = await bed.enrol(size.of(200, 4)), size.of(10_000, 20)
        await flood(core, recorders, len(recorders))  # the keys are loaded once per device

        async def insert() -> Lap:
            return await _insert(bare, [frame for _, frame in dealt(recorders, count)])

        async def submit() -> Lap:
            return await flood(core, recorders, count)

        speeds = await compare({_BARE: insert, _SUBMIT: submit}, size.rounds)
        note = f"{len(recorders)} devices"
        return [
            speeds[_BARE].row(NAME, _BARE, "chunks"),
            speeds[_SUBMIT].row(NAME, _SUBMIT, "chunks", _BARE, note),
            await _single_commits(bare, size.of(400, 5)),
            await _moderate(core, recorders, size.of(4000, 20)),
        ]


@asynccontextmanager
async def running_ingest(bed: Bed) -> AsyncIterator[Ingest]:
    """The core with the service's settings; acknowledgements are sealed and thrown away."""
    settings = bed.parts.settings
    core = Ingest(
        bed.database,
        bed.parts.keys,
        batch_max=settings.ingest_batch_max,
        linger_s=settings.ingest_linger_ms / 1000,
        queue_max=settings.ingest_queue_max,
    )

    async def nowhere(device_id: object, sealed: bytes) -> None:
        pass

    core.ack_sink = nowhere
    async with core:
        yield core


async def flood(core: Ingest, recorders: Sequence[Recorder], count: int) -> Lap:
    """Submit ``count`` new chunks as fast as they are taken; returns when all are stored."""
    frames = [Frame(one.topic, payload, one.id) for one, payload in dealt(recorders, count)]
    waiting, kinds = iter(frames), list[OutcomeKind]()

    async def send() -> None:
        for frame in waiting:
            kinds.append((await core.submit(frame)).kind)

    began = time.perf_counter()
    await asyncio.gather(*(send() for _ in range(min(IN_FLIGHT, len(frames)))))
    seconds = time.perf_counter() - began
    check_stored(kinds)
    return len(frames), seconds


def check_stored(kinds: Sequence[OutcomeKind]) -> None:
    """A benchmark that measures refusals measures nothing."""
    if set(kinds) != {OutcomeKind.STORED}:
        raise RuntimeError(f"not every chunk was stored: {set(kinds)}")


@asynccontextmanager
async def _bare_table(bed: Bed) -> AsyncIterator[Any]:
    connection = await asyncpg.connect(bed.url)
    try:
        await connection.execute(_MAKE)
        yield connection
    finally:
        await connection.close()


async def _insert(connection: Any, frames: Sequence[bytes]) -> Lap:
    first = await connection.fetchval("SELECT coalesce(max(seq) + 1, 0) FROM bare")
    began = time.perf_counter()
    for start in range(0, len(frames), BATCH):
        part = frames[start : start + BATCH]
        seqs = list(range(first + start, first + start + len(part)))
        await connection.execute(_INSERT, [1] * len(part), seqs, part)
    return len(frames), time.perf_counter() - began


async def _single_commits(connection: Any, count: int) -> Row:
    """What one commit costs at the least: it is a part of every latency."""
    took = []
    for seq in range(count):
        began = time.perf_counter()
        await connection.execute(_INSERT, [2], [seq], [bytes(462)])
        took.append(time.perf_counter() - began)
    p50, p99 = percentiles_ms(took)
    return Row(
        NAME, "one bare commit at a time", count / sum(took), "chunks", p50_ms=p50, p99_ms=p99
    )


async def _moderate(core: Ingest, recorders: Sequence[Recorder], count: int) -> Row:
    """Each latency counts from when its chunk was due, so a stall is not overlooked."""
    loop, took = asyncio.get_running_loop(), list[float]()
    frames = [Frame(one.topic, payload, one.id) for one, payload in dealt(recorders, count)]
    began = loop.time() + LEAD_S

    async def send(number: int, frame: Frame) -> None:
        due = began + number / OFFERED_PER_S
        await asyncio.sleep(due - loop.time())
        check_stored([(await core.submit(frame)).kind])
        took.append(loop.time() - due)

    await asyncio.gather(*(send(number, frame) for number, frame in enumerate(frames)))
    p50, p99 = percentiles_ms(took)
    rate, case = len(frames) / (loop.time() - began), f"submit at {OFFERED_PER_S}/s offered"
    linger = "waits 5 ms for a fuller batch; timers tick in 1 ms"
    return Row(NAME, case, rate, "chunks", p50_ms=p50, p99_ms=p99, note=linger)
