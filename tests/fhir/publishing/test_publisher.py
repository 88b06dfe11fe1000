"""The publisher against a real Postgres: findings and alerts in, resources out, each once."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from core.alerts import Alert, AlertKind
from core.ecg import Quality
from core.errors import Unavailable
from fhir.publishing.publisher import Publisher
from store import alerts, resource_rows, resources, wearing
from store.database import Database
from tests.conformance.checker import check
from tests.fhir.clinic import STRIP, Clinic, open_clinic, strips
from tests.fhir.samples import DEVICE, PATIENT, STARTED_AT


def publisher(database: Database) -> Publisher:
    return Publisher(database, report_interval_s=60, quiet_s=30, poll_s=0.05)


async def publish(clinic: Clinic) -> None:
    """Publish until there is nothing left to do."""
    while await publisher(clinic.database).turn():
        pass


def kind(resource: dict[str, Any]) -> str:
    return str(resource["identifier"][0]["value"].split("/")[2])


def of_kind(resources: list[dict[str, Any]], wanted: str) -> list[dict[str, Any]]:
    return [resource for resource in resources if kind(resource) == wanted]


async def kill_whoever_waits(clinic: Clinic) -> None:
    """End the first connection that waits for a lock, as soon as there is one."""
    kill = text(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )
    async with asyncio.timeout(10):
        killed = False
        while not killed:
            async with clinic.database.transaction() as tx:  # a new view of the activity
                killed = bool((await tx.execute(kill)).all())


@pytest.fixture
async def clinic(database: Database) -> Clinic:
    return await open_clinic(database)


async def test_a_finding_becomes_its_observations(clinic: Clinic) -> None:
    await clinic.analyse(strips(2))
    await publish(clinic)
    made = await clinic.all("Observation")
    assert sorted(map(kind, made)) == sorted(
        ["strip", "quality", "heart-rate", "beats"] * 2 + ["summary"]
    )
    everything = made + await clinic.all("Device") + await clinic.all("DiagnosticReport")
    known = {f"{r['resourceType']}/{r['id']}" for r in everything}
    known |= {f"Patient/{PATIENT}", f"Device/{DEVICE}"}
    for resource in everything:
        assert check(resource, known.__contains__) == []
    assert all(r["subject"] == {"reference": f"Patient/{PATIENT}"} for r in made)


async def test_a_strip_is_stored_without_samples_and_with_where_they_are(clinic: Clinic) -> None:
    await clinic.analyse(strips(1))
    await publish(clinic)
    async with clinic.database.transaction() as tx:
        strip = of_kind(await clinic.all("Observation"), "strip")[0]
        document = await resources.read(tx, "Observation", strip["id"])
    assert document.render == {
        "session": clinic.row,
        "first_sample": 0,
        "n_samples": 1496,
        "n_missing": 0,
        "component": 0,
    }
    assert "data" not in strip["component"][0]["valueSampledData"]


async def test_publishing_again_changes_nothing(clinic: Clinic) -> None:
    await clinic.analyse(strips(3))
    await publish(clinic)
    before = await clinic.all("Observation")
    await clinic.execute("UPDATE finding SET published = false")
    await publish(clinic)
    await clinic.execute("UPDATE finding SET published = false, amended = true")
    await publish(clinic)
    assert await clinic.all("Observation") == before


async def test_a_late_chunk_amends_what_it_changes(clinic: Clinic) -> None:
    whole = strips(1)[0]
    with_gap = replace(whole, n_missing=187, quality=Quality(0.8, True, ()))
    await clinic.analyse([with_gap])
    await publish(clinic)
    await clinic.analyse([whole])
    await clinic.quiet()
    await publish(clinic)
    made = {kind(r): r for r in await clinic.all("Observation")}
    assert {name: (r["meta"]["versionId"], r["status"]) for name, r in made.items()} == {
        "strip": ("2", "amended"),
        "quality": ("2", "amended"),
        "heart-rate": ("1", "final"),
        "beats": ("1", "preliminary"),
        "summary": ("2", "preliminary"),
    }
    assert [r["status"] for r in await clinic.versions("Observation", made["strip"]["id"])] == [
        "amended",
        "preliminary",
    ]


async def test_a_rate_that_no_longer_holds_is_taken_back(clinic: Clinic) -> None:
    readable = strips(1)[0]
    await clinic.analyse([readable])
    await publish(clinic)
    await clinic.analyse([replace(readable, rate=None, beats=(), quality=Quality(0, False, ()))])
    await publish(clinic)
    rate = of_kind(await clinic.all("Observation"), "heart-rate")[0]
    assert rate["status"] == "amended"
    assert "valueQuantity" not in rate
    assert check(rate) == []


async def test_several_publishers_publish_each_finding_once(clinic: Clinic) -> None:
    await clinic.analyse(strips(200))
    crowd = [publisher(clinic.database) for _ in range(4)]
    while any(await asyncio.gather(*(one.turn() for one in crowd))):
        pass
    made = await clinic.all("Observation")
    strip_versions = [r["meta"]["versionId"] for r in of_kind(made, "strip")]
    assert strip_versions == ["1"] * 200


async def test_a_connection_lost_on_the_way_repeats_the_whole_step(clinic: Clinic) -> None:
    await clinic.analyse(strips(2))
    async with clinic.database.transaction() as tx:
        await resource_rows.tick(tx)  # whoever writes resources waits for us now
        lost = asyncio.create_task(publisher(clinic.database).turn())
        await kill_whoever_waits(clinic)
        with pytest.raises(Unavailable):
            await lost
    assert await clinic.all("Observation") == []
    await publish(clinic)
    assert len(await clinic.all("Observation")) == 9


async def test_alerts_become_flags_and_flags_are_put_down(clinic: Clinic) -> None:
    opened = Alert(AlertKind.TACHYCARDIA, STARTED_AT, None, 0, "heart rate 141/min")
    for alert in (opened, replace(opened, closed_at=STARTED_AT + STRIP)):
        async with clinic.database.transaction() as tx:
            await alerts.upsert(tx, [(clinic.row, alert)])
        await publish(clinic)
    (flag,) = await clinic.all("Flag")
    assert flag["status"] == "inactive"
    assert flag["period"]["end"] == "2026-03-01T12:00:12.088Z"
    versions = await clinic.versions("Flag", flag["id"])
    assert [version["status"] for version in versions] == ["inactive", "active"]


async def test_a_withdrawn_alert_was_entered_in_error(clinic: Clinic) -> None:
    opened = Alert(AlertKind.LEAD_OFF, STARTED_AT, None, 2, "leads off")
    async with clinic.database.transaction() as tx:
        await alerts.upsert(tx, [(clinic.row, opened)])
    await publish(clinic)
    async with clinic.database.transaction() as tx:
        await alerts.rewind(tx, clinic.row, 0, [])
    await publish(clinic)
    (flag,) = await clinic.all("Flag")
    assert flag["status"] == "entered-in-error"
    assert check(flag) == []


async def test_a_device_that_nobody_wears_speaks_for_itself(database: Database) -> None:
    clinic = await open_clinic(database, worn_since=None)
    alert = Alert(AlertKind.LEAD_OFF, STARTED_AT, None, 0, "leads off")
    await clinic.analyse(strips(1))
    async with database.transaction() as tx:
        await alerts.upsert(tx, [(clinic.row, alert)])
    await publish(clinic)
    made = await clinic.all("Observation") + await clinic.all("DiagnosticReport")
    assert sorted(map(kind, made)) == ["beats", "quality", "report", "strip", "summary"]
    assert all(r["subject"] == {"reference": f"Device/{DEVICE}"} for r in made)
    assert all(check(resource) == [] for resource in made)
    assert await clinic.all("Flag") == []


async def test_a_signal_older_than_the_first_wearing_is_the_first_wearers(
    database: Database,
) -> None:
    clinic = await open_clinic(database, worn_since=STARTED_AT + timedelta(hours=1))
    await clinic.analyse(strips(1))
    await publish(clinic)
    owners = {r["subject"]["reference"] for r in await clinic.all("Observation")}
    assert owners == {f"Patient/{PATIENT}"}


async def test_a_signal_from_after_it_was_taken_off_is_nobodys(clinic: Clinic) -> None:
    async with clinic.database.transaction() as tx:
        await wearing.take_off(tx, DEVICE, STARTED_AT + STRIP)
    await clinic.analyse(strips(2))
    await publish(clinic)
    made = of_kind(await clinic.all("Observation"), "strip")
    owners = [r["subject"]["reference"] for r in made]
    assert owners == [f"Patient/{PATIENT}", f"Device/{DEVICE}"]


async def test_a_device_handed_on_never_mixes_two_records(clinic: Clinic) -> None:
    handed_on = STARTED_AT + 5 * STRIP - timedelta(seconds=1)
    async with clinic.database.transaction() as tx:
        await wearing.put_on(tx, DEVICE, "another", handed_on)
    await clinic.analyse(strips(12))
    await publish(clinic)
    made = await clinic.all("Observation")
    owners = [r["subject"]["reference"] for r in of_kind(made, "strip")]
    assert owners == [f"Patient/{PATIENT}"] * 5 + ["Patient/another"] * 7
    counted = {
        r["subject"]["reference"]: next(
            c["valueInteger"] for c in r["component"] if c["code"]["coding"][0]["code"] == "beats"
        )
        for r in of_kind(made, "summary")
    }
    assert counted == {f"Patient/{PATIENT}": 15, "Patient/another": 21}
    assert len(await clinic.all("DiagnosticReport")) == 2


async def test_it_runs_until_it_is_told_to_stop(clinic: Clinic) -> None:
    stop = asyncio.Event()
    running = asyncio.create_task(publisher(clinic.database).run(stop))
    wake = clinic.database.listen("resource")
    await wake.wait(1)
    await clinic.analyse(strips(1))
    async with clinic.database.transaction() as tx:
        await clinic.database.notify(tx, "finding")
    async with asyncio.timeout(10):
        while not await clinic.all("DiagnosticReport"):
            await wake.wait(1)
        stop.set()
        await running
