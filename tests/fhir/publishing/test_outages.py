"""A publisher goes on: past a finding that cannot be told, and after any error of a turn."""

import asyncio
from dataclasses import replace

import pytest
from structlog.testing import capture_logs

from core.ecg import Beat
from fhir.publishing.publisher import Publisher
from store.database import Database
from tests.fhir.clinic import Clinic, open_clinic, strips


@pytest.fixture
async def clinic(database: Database) -> Clinic:
    return await open_clinic(database)


async def test_a_finding_that_cannot_be_told_stops_no_other(clinic: Clinic) -> None:
    first, second = strips(2)
    beyond_time = replace(first, beats=(Beat(2**62, None),))
    await clinic.analyse([beyond_time, second])
    publisher = Publisher(clinic.database, report_interval_s=1e9)
    with capture_logs() as events:
        await publisher.turn()
    assert [e["event"] for e in events if e["log_level"] == "error"] == ["publisher.left_out"]
    made = [r["identifier"][0]["value"].rpartition("/")[2] for r in await clinic.all("Observation")]
    assert (made.count("0"), made.count("1")) == (0, 4)
    assert not await publisher.turn()


async def test_an_error_of_a_turn_does_not_end_the_publisher(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fhir.publishing.publisher.RETRY_S", 0.01)
    await clinic.analyse(strips(1))
    await clinic.execute("ALTER TABLE resource RENAME COLUMN render TO hidden")
    publisher = Publisher(clinic.database, report_interval_s=1e9, poll_s=0.05)
    stop = asyncio.Event()
    with capture_logs() as events:
        running = asyncio.create_task(publisher.run(stop))
        async with asyncio.timeout(10):
            while not events:  # noqa: ASYNC110 (a list tells nobody that it grows)
                await asyncio.sleep(0.01)
            await clinic.execute("ALTER TABLE resource RENAME COLUMN hidden TO render")
            while len(await clinic.all("Observation")) < 4:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
            stop.set()
            await running
    assert {e["event"] for e in events if e["log_level"] == "error"} == {"publisher.waits"}
