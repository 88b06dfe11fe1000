"""The embedded service killed in the middle, its Postgres and its MQTT endpoint with it."""

import asyncio
from pathlib import Path

from hisbundle.fhir_reader import FhirReader, Heartbeat
from hisbundle.replay import ReplaySummary, replay
from simulator.rhythm import Rhythm
from simulator.source import Simulation
from tests.journey.records import mitdb_record, synthetic_record
from tests.journey.stack import Service, running

SECONDS = 180.0
RATE_HZ = 125
RUN_S = 6.0
KILL_AFTER_S = 2.0
WAIT_S = 180.0


async def test_kill_9_of_everything_at_once_changes_no_beat(
    reachable_folder: Path, tmp_path: Path
) -> None:
    record = mitdb_record("208") or synthetic_record(tmp_path, Rhythm.PVC, SECONDS)
    async with running(Service(reachable_folder / "embedded")) as service:
        calm = await _replayed(service, tmp_path / "calm", record)
        killed = asyncio.create_task(_replayed(service, tmp_path / "killed", record))
        await asyncio.sleep(KILL_AFTER_S)
        assert not killed.done()
        await service.kill()
        await service.start()
        assert await killed == calm


async def _replayed(
    service: Service, folder: Path, record: Path
) -> tuple[int, int, list[tuple[int, str]]]:
    plan = Simulation(
        service.url, service.token, folder, record=record, speed=SECONDS / RUN_S, seconds=SECONDS
    )
    summary = await replay(plan, WAIT_S)
    return summary.chunks_sent, summary.chunks_stored, await _beats(service, summary)


async def _beats(service: Service, summary: ReplaySummary) -> list[tuple[int, str]]:
    """Each beat's samples since the first one (a replay is dated by the hour it is made)."""
    async with FhirReader(service.url, service.token) as reader:
        report = [
            found
            async for found in reader.search("DiagnosticReport")
            if found["id"] == summary.report.removeprefix("DiagnosticReport/")
        ]
        session_id = report[0]["identifier"][0]["value"].split("/")[1]
        patient = report[0]["subject"]["reference"]
        beats: list[Heartbeat] = await reader.heartbeats(patient, session_id)
    return [(round((b.at - beats[0].at).total_seconds() * RATE_HZ), b.label) for b in beats]
