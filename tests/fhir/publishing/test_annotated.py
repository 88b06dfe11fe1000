"""What a clinician has said of evidence stays when the service publishes it again."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from core import json_text
from core.alerts import Alert, AlertKind
from core.ecg import Quality, StripFinding
from fhir.clinical import annotated
from fhir.publishing.publisher import Publisher
from fhir.publishing.shelf import evidence
from fhir.values import Json, unversioned
from store import alerts, resources
from store.database import Database
from tests.conformance.checker import check
from tests.fhir.clinic import STRIP, Clinic, open_clinic, strips
from tests.fhir.samples import STARTED_AT

WHOLE = strips(1)[0]
WITH_GAP = replace(WHOLE, n_missing=187, quality=Quality(0.8, True, ()))
NOTE = [{"text": "Seen by a cardiologist."}]


async def publish(clinic: Clinic) -> None:
    while await Publisher(clinic.database, report_interval_s=60).turn():
        pass


async def annotate(clinic: Clinic, type_: str, id_: str, change: Callable[[Json], Json]) -> None:
    """What a client's update does."""
    async with clinic.database.transaction() as tx:
        await resources.lock(tx)
        before = await resources.current(tx, type_, id_)
        assert before is not None
        stored = unversioned(json_text.loads(before.body))
        body, names = annotated(stored, stored, change(stored), before.clinical)
        draft = replace(evidence(body, before.render), clinical=names)
        await resources.put_many(tx, [draft])


async def one(clinic: Clinic, type_: str, kind: str) -> dict[str, Any]:
    (found,) = [
        r for r in await clinic.all(type_) if r["identifier"][0]["value"].split("/")[2] == kind
    ]
    assert check(found) == []
    return found


async def analyse(clinic: Clinic, finding: StripFinding) -> None:
    await clinic.analyse([finding])
    await publish(clinic)


@pytest.fixture
async def clinic(database: Database) -> Clinic:
    return await open_clinic(database)


async def test_a_note_stays_and_the_evidence_is_renewed(clinic: Clinic) -> None:
    await analyse(clinic, WITH_GAP)
    before = await one(clinic, "Observation", "quality")
    await annotate(clinic, "Observation", before["id"], lambda r: r | {"note": NOTE})
    await analyse(clinic, WHOLE)
    after = await one(clinic, "Observation", "quality")
    assert after["note"] == NOTE
    assert after["valueQuantity"] != before["valueQuantity"]
    assert after["status"] == "amended"
    await analyse(clinic, WITH_GAP)
    assert (await one(clinic, "Observation", "quality"))["note"] == NOTE


@pytest.mark.parametrize(
    ("said", "told"), [("final", "amended"), ("entered-in-error", "entered-in-error")]
)
async def test_a_status_never_goes_back(clinic: Clinic, said: str, told: str) -> None:
    await analyse(clinic, WITH_GAP)
    beats = await one(clinic, "Observation", "beats")
    assert beats["status"] == "preliminary"
    await annotate(clinic, "Observation", beats["id"], lambda r: r | {"status": said})
    await clinic.execute("UPDATE finding SET published = false")
    await publish(clinic)
    assert (await one(clinic, "Observation", "beats"))["status"] == said
    await analyse(clinic, replace(WHOLE, beats=WHOLE.beats[:1]))
    after = await one(clinic, "Observation", "beats")
    assert after["status"] == told
    assert len(after["component"]) < len(beats["component"])


async def test_a_report_keeps_the_clinicians_conclusion(clinic: Clinic) -> None:
    await analyse(clinic, WHOLE)
    name = (await one(clinic, "DiagnosticReport", "report"))["id"]
    mine = "Sinus rhythm, artefacts & nothing else."
    change = {"conclusion": mine, "status": "final"}
    await annotate(clinic, "DiagnosticReport", name, lambda r: r | change)
    await clinic.analyse(strips(12))
    await publish(clinic)
    await clinic.end()
    await publish(clinic)
    report = await one(clinic, "DiagnosticReport", "report")
    assert (report["conclusion"], report["status"]) == (mine, "amended")
    assert "artefacts &amp; nothing" in report["text"]["div"]
    versions = await clinic.versions("DiagnosticReport", name)
    assert report["effectivePeriod"] != versions[-1]["effectivePeriod"]


class TestFlag:
    OPENED = Alert(AlertKind.TACHYCARDIA, STARTED_AT, None, 0, "heart rate 141/min")

    async def tell(self, clinic: Clinic, alert: Alert) -> Json:
        async with clinic.database.transaction() as tx:
            await alerts.upsert(tx, [(clinic.row, alert)])
        await publish(clinic)
        (flag,) = await clinic.all("Flag")
        assert check(flag) == []
        return flag

    async def test_what_was_put_down_stays_down(self, clinic: Clinic) -> None:
        flag = await self.tell(clinic, self.OPENED)
        extra = {"url": "urn:x", "valueString": "seen"}
        change = {"status": "inactive", "extension": [*flag["extension"], extra]}
        await annotate(clinic, "Flag", flag["id"], lambda r: r | change)
        again = await self.tell(clinic, replace(self.OPENED, evidence="heart rate 150/min"))
        assert again["status"] == "inactive"
        assert again["extension"] == [*flag["extension"], extra]
        assert "150/min" in again["code"]["text"]
        closed = await self.tell(clinic, replace(self.OPENED, closed_at=STARTED_AT + STRIP))
        assert closed["status"] == "inactive"
        assert closed["period"]["end"] == "2026-03-01T12:00:12.088Z"

    async def test_an_end_that_was_said_stays(self, clinic: Clinic) -> None:
        flag = await self.tell(clinic, self.OPENED)
        said = {"period": flag["period"] | {"end": "2026-03-01T12:00:05Z"}, "status": "inactive"}
        await annotate(clinic, "Flag", flag["id"], lambda r: r | said)
        closed = await self.tell(clinic, replace(self.OPENED, closed_at=STARTED_AT + STRIP))
        assert closed["period"]["end"] == "2026-03-01T12:00:05Z"

    async def test_a_withdrawal_weighs_more(self, clinic: Clinic) -> None:
        flag = await self.tell(clinic, self.OPENED)
        await annotate(clinic, "Flag", flag["id"], lambda r: r | {"status": "inactive"})
        gone = await self.tell(clinic, replace(self.OPENED, closed_at=STARTED_AT))
        assert gone["status"] == "entered-in-error"


async def test_clinicians_and_publishers_at_once_lose_nothing(clinic: Clinic) -> None:
    """Fails if the publisher reads what it merges before it holds the clock."""
    await analyse(clinic, WITH_GAP)
    name = (await one(clinic, "Observation", "quality"))["id"]

    async def comment(number: int) -> None:
        note = {"text": f"note {number}"}
        await annotate(
            clinic, "Observation", name, lambda r: r | {"note": [*r.get("note", []), note]}
        )

    async def renew(number: int) -> None:
        await clinic.analyse([replace(WHOLE, quality=Quality(number / 100, True, ()))])
        await publish(clinic)

    await asyncio.gather(*(comment(n) for n in range(10)), *(renew(n) for n in range(10)))
    await publish(clinic)
    after = await one(clinic, "Observation", "quality")
    assert {note["text"] for note in after["note"]} == {f"note {n}" for n in range(10)}
    assert after["status"] == "amended"
