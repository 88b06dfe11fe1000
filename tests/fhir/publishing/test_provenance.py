"""Every result that is published has a Provenance, and publishing again adds none."""

from dataclasses import replace

import pytest

from core.alerts import Alert, AlertKind
from core.ecg import Quality
from fhir.publishing.publisher import Publisher
from store import alerts
from store.database import Database
from tests.conformance.checker import check
from tests.fhir.clinic import Clinic, open_clinic, strips
from tests.fhir.samples import READABLE, STARTED_AT

RESULTS = ("Observation", "DiagnosticReport", "Flag", "DocumentReference")


@pytest.fixture
async def clinic(database: Database) -> Clinic:
    return await open_clinic(database)


async def publish(clinic: Clinic, **weights: str) -> None:
    publisher = Publisher(clinic.database, report_interval_s=60, weights=weights)
    while await publisher.turn():
        pass


async def test_every_result_has_one(clinic: Clinic) -> None:
    await clinic.analyse(strips(3))
    async with clinic.database.transaction() as tx:
        opened = Alert(AlertKind.TACHYCARDIA, STARTED_AT, None, 0, "heart rate 141/min")
        await alerts.upsert(tx, [(clinic.row, opened)])
    await clinic.end()
    await publish(clinic)
    made = [body for type_ in RESULTS for body in await clinic.all(type_)]
    told = await clinic.all("Provenance")
    software = {f"Device/{device['id']}" for device in await clinic.all("Device")}
    targets = [target["reference"] for each in told for target in each["target"]]
    assert sorted(targets) == sorted(f"{body['resourceType']}/{body['id']}" for body in made)
    for provenance in told:
        assert check(provenance) == []
        assert provenance["agent"][0]["who"]["reference"] in software
    assert len(told) == 3 + 1 + 1


async def test_publishing_again_changes_nothing(clinic: Clinic) -> None:
    await clinic.analyse(strips(2))
    await publish(clinic)
    before = await clinic.all("Provenance")
    for amended in ("false", "true"):
        await clinic.execute(f"UPDATE finding SET published = false, amended = {amended}")  # noqa: S608
        await publish(clinic)
    assert await clinic.all("Provenance") == before


async def test_what_is_analysed_anew_is_told_in_a_version(clinic: Clinic) -> None:
    whole = strips(1)[0]
    await clinic.analyse([replace(whole, n_missing=187, quality=Quality(0.8, True, ()))])
    await publish(clinic)
    first = (await clinic.all("Provenance"))[0]
    await clinic.analyse([whole])
    await publish(clinic)
    versions = await clinic.versions("Provenance", first["id"])
    assert [version["meta"]["versionId"] for version in versions] == ["2", "1"]
    assert versions[0]["recorded"] > versions[1]["recorded"]


async def test_the_digest_of_the_weights_is_kept_by_who_does_not_know_it(clinic: Clinic) -> None:
    await clinic.analyse(strips(1))
    await publish(clinic, **{READABLE.model_id: "ab" * 32})
    await clinic.analyse(strips(2))
    await publish(clinic)
    (software,) = await clinic.all("Device")
    assert software["version"][-1]["value"] == "ab" * 32
    assert software["meta"]["versionId"] == "1"
