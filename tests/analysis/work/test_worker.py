"""The worker against a real Postgres: nothing lost, nothing repeated, whatever happens."""

import asyncio
import contextlib
import random
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from sqlalchemy import text
from structlog.testing import capture_logs
from structlog.typing import EventDict

from analysis.work.worker import AnalysisWorker, Pace
from core.alerts import AlertKind
from core.chunk import ChunkFlag
from core.local_vault import LocalVault
from simulator.rhythm import Rhythm
from store.database import Database
from tests.analysis.bed import Bed
from tests.analysis.chunks import LengthClassifier, Run, chunks_of, rhythm_mv

CHUNKS = chunks_of(rhythm_mv(Rhythm.SINUS, 90))[:56]
WHOLE = Run().push(CHUNKS).end()
CURSOR = "SELECT {} FROM analysis_cursor WHERE session = :row"


@pytest.fixture(autouse=True)
def logged() -> Iterator[list[EventDict]]:
    with capture_logs() as events:
        yield events


@pytest.fixture
def bed(database: Database, tmp_path: Path) -> Bed:
    return Bed(database, LocalVault(tmp_path / "master.key"))


async def end(bed: Bed, worker: AnalysisWorker | None = None) -> None:
    await bed.later(1000)
    await bed.analyse(worker)


async def test_a_session_is_analysed_to_its_end(bed: Bed) -> None:
    row = await bed.send(await bed.device(), CHUNKS)
    await bed.analyse(bed.worker(Pace(batch_chunks=10)))
    assert await bed.findings(row) == Run().push(CHUNKS).strips
    assert await bed.value(CURSOR.format("ended"), row) is False
    await end(bed)
    assert await bed.findings(row) == WHOLE.strips
    assert await bed.value(CURSOR.format("ended"), row) is True
    assert not await bed.worker().turn()


async def test_many_sessions_share_a_turn(bed: Bed) -> None:
    rows = [await bed.send(await bed.device(), CHUNKS[i:]) for i in (0, 3, 0)]
    worker = bed.worker(Pace(gap_wait_s=0.001))
    assert await worker.turn()
    expected = [Run().push(CHUNKS[i:]).strips for i in (0, 3, 0)]
    assert [await bed.findings(row) for row in rows] == expected


async def test_workers_that_come_and_go_repeat_and_lose_nothing(bed: Bed) -> None:
    chance = random.Random(5)
    owners = [await bed.device() for _ in range(4)]
    rows = [await bed.send(owner, CHUNKS[:1]) for owner in owners]

    async def send() -> None:
        for first in range(1, len(CHUNKS), 5):
            for owner in owners:
                await bed.send(owner, CHUNKS[first - 1 : first + 5])
                await asyncio.sleep(0.01 * chance.random())

    async def work() -> None:
        while True:  # killed at any point, and begun again
            pace = Pace(batch_sessions=3, batch_chunks=7, poll_s=0.05)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(0.4 * chance.random()):
                    await bed.worker(pace).run(asyncio.Event())

    workers = [asyncio.create_task(work()) for _ in range(3)]
    await send()
    for worker in workers:
        worker.cancel()
    await asyncio.gather(*workers, return_exceptions=True)
    await bed.analyse()
    await end(bed)
    async with asyncio.timeout(30):  # Postgres may hold a killed worker's claims a moment longer
        while not all([await bed.value(CURSOR.format("ended"), row) for row in rows]):
            await bed.analyse()
    for row in rows:
        assert await bed.findings(row) == WHOLE.strips
        assert await bed.value(CURSOR.format("analysed"), row) == len(CHUNKS)


async def test_a_missing_chunk_is_waited_for(bed: Bed) -> None:
    device = await bed.device()
    row = await bed.send(device, CHUNKS[:20] + CHUNKS[21:])
    await bed.analyse()
    assert await bed.value(CURSOR.format("next_seq"), row) == 20
    await bed.send(device, CHUNKS[20:21])
    await bed.analyse()
    await end(bed)
    assert await bed.findings(row) == WHOLE.strips
    assert all(not amended for _, amended in await bed.publish())


async def test_a_lost_chunk_becomes_a_gap_and_a_late_one_takes_it_back(bed: Bed) -> None:
    device = await bed.device()
    row = await bed.send(device, CHUNKS[:20] + CHUNKS[22:40] + CHUNKS[41:])
    await bed.later(31)
    await bed.analyse()
    await bed.publish()
    assert await bed.findings(row) == Run().push(CHUNKS[:20] + CHUNKS[22:40] + CHUNKS[41:]).strips
    await bed.send(device, CHUNKS[20:21])  # one of two: more may follow
    await bed.analyse()
    assert await bed.value(CURSOR.format("analysed"), row) == 53
    await bed.later(31)
    await bed.analyse()
    assert await bed.findings(row) == Run().push(CHUNKS[:21] + CHUNKS[22:40] + CHUNKS[41:]).strips
    await bed.send(device, [*CHUNKS[21:22], *CHUNKS[40:41]])
    await bed.analyse()
    assert await bed.findings(row) == Run().push(CHUNKS).strips
    assert await bed.value("SELECT count(*) FROM gap WHERE session = :row", row) == 0
    assert await bed.value(CURSOR.format("analysed"), row) == 56
    amended = [strip_index for strip_index, again in await bed.publish() if again]
    assert {2, 4, 5} <= set(amended) <= {2, 3, 4, 5}


async def test_what_comes_late_in_two_gaps_is_taken_in_from_both(bed: Bed) -> None:
    device = await bed.device()
    row = await bed.send(device, CHUNKS[:8] + CHUNKS[10:24] + CHUNKS[25:])
    await bed.later(31)
    await bed.analyse()
    # The later gap is filled at once, the earlier one only in part, and waits.
    await bed.send(device, [CHUNKS[9], CHUNKS[24]])
    await bed.analyse()
    await bed.later(31)
    await bed.analyse()
    assert await bed.findings(row) == Run().push(CHUNKS[:8] + CHUNKS[9:]).strips
    assert await bed.value(CURSOR.format("analysed"), row) == 55


async def test_a_session_whose_beginning_never_comes(bed: Bed) -> None:
    device = await bed.device()
    row = await bed.send(device, CHUNKS[3:])
    await bed.analyse()
    assert await bed.findings(row) == []
    await bed.later(31)
    await bed.analyse()
    assert await bed.findings(row) == Run().push(CHUNKS[3:]).strips
    await bed.send(device, CHUNKS[:3])
    await bed.analyse()
    assert await bed.findings(row) == Run().push(CHUNKS).strips


async def test_a_chunk_after_the_end_reopens_the_session(bed: Bed) -> None:
    device = await bed.device()
    row = await bed.send(device, CHUNKS[:20])
    await bed.analyse()
    await end(bed)
    assert (await bed.findings(row))[-1].n_samples == 4 * 187
    await bed.publish()
    await bed.send(device, CHUNKS[20:])
    await bed.analyse()
    assert await bed.value(CURSOR.format("ended"), row) is False
    await end(bed)
    assert await bed.findings(row) == WHOLE.strips
    assert (2, True) in await bed.publish()


async def test_a_recordings_last_short_chunk_is_not_waited_for(bed: Bed) -> None:
    short = [*CHUNKS[:20], (20, replace(CHUNKS[20][1], n_valid=50))]
    row = await bed.send(await bed.device(), short)
    await bed.analyse(bed.worker(Pace(batch_chunks=21)))
    assert await bed.findings(row) == Run().push(short).end().strips
    assert await bed.value(CURSOR.format("ended"), row) is False


async def test_late_chunks_withdraw_reopen_and_keep_alerts(bed: Bed) -> None:
    device = await bed.device()
    off = {seq: replace(c, flags=ChunkFlag.LEAD_OFF_PLUS) for seq, c in CHUNKS}
    session = [(s, off[s] if 16 <= s < 24 or 40 <= s < 48 else c) for s, c in CHUNKS]
    missing = [16, 17, 18, 19]
    row = await bed.send(device, [chunk for chunk in session if chunk[0] not in missing])
    await bed.later(31)
    await bed.analyse()
    assert [a.strip_index for a in await bed.alerts(row) if a.kind is AlertKind.LEAD_OFF] == [5]
    await bed.publish()
    await bed.send(device, [session[s] for s in missing])
    await bed.analyse()
    expected = Run().push(session).alerts
    assert {(a.kind, a.strip_index): a for a in await bed.alerts(row)} == expected
    assert {(AlertKind.LEAD_OFF, 2), (AlertKind.LEAD_OFF, 5)} <= set(expected)


async def test_one_session_without_a_key_does_not_stop_the_others(bed: Bed) -> None:
    revoked, well = await bed.device(), await bed.device()
    await bed.send(revoked, CHUNKS)
    row = await bed.send(well, CHUNKS)
    async with bed.database.transaction() as tx:
        await tx.execute(
            text("UPDATE device_key SET status = 'revoked' WHERE device_id = :id"),
            {"id": revoked.id},
        )
    await bed.analyse(bed.worker(Pace(batch_sessions=1)))
    assert await bed.findings(row) == Run().push(CHUNKS).strips


class Choking(LengthClassifier):
    """Cannot bear the beats of a slow heart."""

    def predict(self, beats: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        if len(beats) and np.count_nonzero(beats[:, :187], axis=1).max() > 160:
            raise RuntimeError("choked")
        return super().predict(beats)


async def test_a_poisonous_session_is_put_off_and_the_others_go_on(
    bed: Bed, logged: list[EventDict]
) -> None:
    slow = chunks_of(rhythm_mv(Rhythm.BRADYCARDIA, 90))[:56]
    poison = await bed.send(await bed.device(), slow)
    rows = [await bed.send(await bed.device(), CHUNKS) for _ in range(3)]
    await bed.analyse(bed.worker(classifier=Choking()))
    for row in rows:
        assert await bed.findings(row) == Run().push(CHUNKS).strips
    assert await bed.findings(poison) == []
    assert await bed.value(CURSOR.format("next_seq"), poison) == 0
    assert [e["event"] for e in logged] == ["analysis.turn_failed", "analysis.failed"]
    assert logged[1]["retry_s"] == 1.0
    await bed.analyse()  # a worker without that weakness
    assert await bed.findings(poison) == Run().push(slow).strips


async def test_a_chunk_changed_at_rest_is_a_gap(bed: Bed, logged: list[EventDict]) -> None:
    row = await bed.send(await bed.device(), CHUNKS)
    async with bed.database.transaction() as tx:
        await tx.execute(text("UPDATE chunk SET frame = set_byte(frame, 99, 0) WHERE seq = 12"))
        await tx.execute(text("UPDATE chunk SET frame = set_byte(frame, 99, 1) WHERE seq = 12"))
    await bed.analyse()
    assert await bed.findings(row) == Run().push(CHUNKS[:12] + CHUNKS[13:]).strips
    assert [(e["event"], e["seq"]) for e in logged] == [("chunk.unreadable", 12)]


async def test_chunks_whose_samples_have_no_place_are_told_of(
    bed: Bed, logged: list[EventDict]
) -> None:
    again = [(seq, replace(c, sample_index=187 * (seq % 20))) for seq, c in CHUNKS]
    row = await bed.send(await bed.device(), again)
    await bed.analyse()
    assert await bed.findings(row) == Run().push(again).strips
    (event,) = logged
    assert (event["event"], event["first_seq"], event["last_seq"]) == ("analysis.refused", 0, 55)
    assert event["chunks"] == len(CHUNKS) - 20


@pytest.mark.parametrize("spoilt", ["'\\x00'", "set_byte(state, 4, 99)", "substr(state, 1, 900)"])
async def test_a_state_of_other_code_or_spoilt_begins_the_session_anew(
    bed: Bed, logged: list[EventDict], spoilt: str
) -> None:
    device = await bed.device()
    row = await bed.send(device, CHUNKS[:20])
    await bed.analyse()
    async with bed.database.transaction() as tx:
        await tx.execute(text(f"UPDATE analysis_cursor SET state = {spoilt}"))  # noqa: S608
    await bed.send(device, CHUNKS[20:])
    await bed.analyse()
    assert await bed.findings(row) == Run().push(CHUNKS).strips
    assert await bed.value(CURSOR.format("analysed"), row) == len(CHUNKS)
    assert [e["event"] for e in logged] == ["analysis.begins_anew"]


async def test_a_session_without_a_cursor_gets_one(bed: Bed) -> None:
    row = await bed.send(await bed.device(), CHUNKS)
    async with bed.database.transaction() as tx:
        await tx.execute(text("DELETE FROM analysis_cursor"))
    await bed.analyse()
    assert await bed.findings(row) == Run().push(CHUNKS).strips


async def test_a_running_worker_is_woken_survives_its_connections_and_stops(bed: Bed) -> None:
    stop = asyncio.Event()
    device = await bed.device()
    row = await bed.send(device, CHUNKS[:1])
    running = asyncio.create_task(bed.worker(Pace(poll_s=30.0)).run(stop))
    found = bed.database.listen("finding")
    await found.wait(1.0)
    await bed.send(device, CHUNKS[1:20])
    async with asyncio.timeout(20):
        while len(await bed.findings(row)) < 2:
            await found.wait(0.2)
    async with bed.database.transaction() as tx:
        await tx.execute(
            text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        )
    await asyncio.sleep(0.5)
    await bed.send(device, CHUNKS[20:])
    async with asyncio.timeout(20):
        while len(await bed.findings(row)) < 6:
            await found.wait(0.2)
    stop.set()
    async with asyncio.timeout(5):
        await running
    assert await bed.findings(row) == Run().push(CHUNKS).strips
