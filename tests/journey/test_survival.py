"""Killed in the middle: every acknowledged chunk is there once, and the findings are the same."""

import asyncio
import math
import os
from collections.abc import Awaitable, Callable
from pathlib import Path

from hisbundle.replay import replay
from simulator.rhythm import Rhythm
from tests.ingest.certificates import make_certificates
from tests.journey.records import mitdb_record, synthetic_record
from tests.journey.road import Road, broker_road

SECONDS = float(os.environ.get("HISBUNDLE_SURVIVAL_SECONDS", "240"))
"""Length of the replayed signal; 1805 for the whole of record 208."""
RUN_S = 6.0
KILL_AFTER_S = 2.0
WAIT_S = 180.0


async def test_kill_9_of_each_part_loses_and_repeats_nothing(
    reachable_folder: Path, tmp_path: Path
) -> None:
    record = mitdb_record("208") or synthetic_record(tmp_path, Rhythm.PVC, SECONDS)
    async with broker_road(reachable_folder / "survival", make_certificates(tmp_path)) as road:
        calm = await _run(road, tmp_path / "calm", record, None)
        for name, kill in {
            "service": road.kill_service,
            "broker": road.kill_broker,
            "postgres": road.kill_postgres,
        }.items():
            assert await _run(road, tmp_path / name, record, kill) == calm, name


async def _run(
    road: Road, folder: Path, record: Path, kill: Callable[[], Awaitable[None]] | None
) -> list[dict[str, object]]:
    """One replay, killed in the middle; its findings."""
    plan = road.plan(folder, record, SECONDS, speed=SECONDS / RUN_S)
    replaying = asyncio.create_task(replay(plan, WAIT_S))
    if kill is not None:
        await asyncio.sleep(KILL_AFTER_S)
        assert not replaying.done()
        await kill()
    summary = await replaying
    device_id = summary.device.removeprefix("Device/")
    expected = math.ceil(SECONDS * 125 / 187)
    assert summary.chunks_sent == summary.chunks_stored == expected
    assert await road.chunks(device_id) == list(range(expected))
    return await road.findings(device_id)
