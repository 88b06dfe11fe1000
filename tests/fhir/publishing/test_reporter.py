"""Session reports: when they are written, and what they say."""

from dataclasses import replace
from typing import Any

import pytest

from core.ecg import Quality, RefusalReason
from fhir.publishing.publisher import Publisher
from store.database import Database
from tests.conformance.checker import check
from tests.fhir.clinic import Clinic, open_clinic, strips


async def publish(clinic: Clinic) -> None:
    publisher = Publisher(clinic.database, report_interval_s=60, quiet_s=30)
    while await publisher.turn():
        pass


async def reports(clinic: Clinic) -> list[dict[str, Any]]:
    """All versions of the one report, newest first."""
    (current,) = await clinic.all("DiagnosticReport")
    return await clinic.versions("DiagnosticReport", current["id"])


async def summary(clinic: Clinic) -> dict[str, Any]:
    """The summary's components by their code."""
    (report,) = await clinic.all("DiagnosticReport")
    wanted = report["result"][0]["reference"].partition("/")[2]
    (found,) = [r for r in await clinic.all("Observation") if r["id"] == wanted]
    assert check(found) == []
    told = {}
    for component in found["component"]:
        value = component.get("valueInteger", component.get("valueQuantity", {}).get("value"))
        told[component["code"]["coding"][0]["code"]] = value
    return told


@pytest.fixture
async def clinic(database: Database) -> Clinic:
    return await open_clinic(database, chunks=16)


async def test_the_summary_counts_what_was_found(clinic: Clinic) -> None:
    first, second = strips(2)
    unreadable = replace(
        second,
        rate=None,
        beats=(),
        n_missing=187,
        quality=Quality(0, False, (RefusalReason.GAP,)),
    )
    await clinic.analyse([first, unreadable])
    await publish(clinic)
    assert await summary(clinic) == {
        "chunks-stored": 16,
        "missing-samples": 187,
        "beats": 3,
        "classified-beats": 2,
        "abnormal-beats": 1,
        "ventricular-beats": 1,
        "ventricular-burden": 50,
        "supraventricular-beats": 0,
        "supraventricular-burden": 0,
        "fusion-beats": 0,
        "analysed-time": 23.936,
        "readable-time": 11.968,
        "missing-time": 1.496,
        "lead-off-time": 0,
        "quality-mean": 47.6,
        "heart-rate-mean": 74.3,
        "heart-rate-min": 74.3,
        "heart-rate-max": 74.3,
        "longest-rr": 10792,
        "rr-pauses": 1,
    }


async def test_a_running_session_is_reported_once_an_interval(clinic: Clinic) -> None:
    for number in range(12):
        await clinic.analyse(strips(1, first=number))
        await publish(clinic)
    # Strips of 12 s: with the first, and with the seventh, which begins 72 s later.
    assert [r["status"] for r in await reports(clinic)] == ["partial"] * 2
    assert (await summary(clinic))["beats"] == 3 * 7


async def test_a_quiet_session_is_reported_whole(clinic: Clinic) -> None:
    await clinic.analyse(strips(1))
    await publish(clinic)
    await clinic.analyse(strips(2, first=1))
    await publish(clinic)
    assert (await summary(clinic))["beats"] == 3
    await clinic.quiet()
    await publish(clinic)
    assert (await summary(clinic))["beats"] == 9
    assert len(await reports(clinic)) == 2


async def test_chunks_that_make_no_strip_are_counted_too(clinic: Clinic) -> None:
    await clinic.analyse(strips(1))
    await publish(clinic)
    await clinic.execute("UPDATE monitoring_session SET chunks = 17")
    await clinic.quiet()
    await publish(clinic)
    assert (await summary(clinic))["chunks-stored"] == 17


async def test_an_ended_session_is_final_and_then_amended(clinic: Clinic) -> None:
    await clinic.analyse(strips(2))
    await publish(clinic)
    await clinic.end()
    await publish(clinic)
    assert (await reports(clinic))[0]["status"] == "final"
    await clinic.analyse([replace(strips(1)[0], beats=())])
    await publish(clinic)
    assert [r["status"] for r in await reports(clinic)] == ["amended", "final", "partial"]
    assert (await summary(clinic))["beats"] == 3


async def test_a_report_with_nothing_new_has_no_new_version(clinic: Clinic) -> None:
    await clinic.analyse(strips(1))
    await clinic.end()
    await publish(clinic)
    await clinic.execute("UPDATE report SET findings = 0")
    await publish(clinic)
    assert len(await reports(clinic)) == 1


async def test_the_conclusion_is_for_people(clinic: Clinic) -> None:
    await clinic.analyse(strips(5))
    await clinic.end()
    await publish(clinic)
    (report,) = await reports(clinic)
    assert check(report) == []
    assert report["conclusion"] == (
        "Continuous single-lead ECG, 2026-03-01 12:00 to 2026-03-01 12:00 UTC (ended): 1 min "
        "analysed, 100 % of it readable. Heart rate 74/min on average, from 74 to 74/min. "
        "15 beats found, 10 of them classified: 5 ventricular (50.0 %), 0 supraventricular "
        "(0.0 %), 0 fusion beats. "
        "Longest RR interval 10.79 s, 2026-03-01 12:00 UTC; 5 of 2 s or more. "
        "Automated analysis (pipeline 1.0, model baseline-1a2b3c), not confirmed by a clinician; "
        "it names no rhythm and no diagnosis."
    )
