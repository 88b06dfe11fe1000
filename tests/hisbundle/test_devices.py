"""A device in an operator's hands: bound, moved, taken off, and every record its patient's own."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from typer.testing import CliRunner

from core.ecg import Quality
from core.errors import Conflict, Incorrect, NotFound
from fhir.mapping.patient import patient
from fhir.publishing.publisher import Publisher
from fhir.search.indexing import draft
from fhir.values import Json
from hisbundle import devices as operator
from hisbundle.cli import app
from store import devices, fleet, resources, wearing
from store.database import Database
from tests.fhir.clinic import STRIP, Clinic, open_clinic, strips
from tests.fhir.samples import DEVICE, STARTED_AT

NOW = STARTED_AT + timedelta(days=1)
MOVED = STARTED_AT + 5 * STRIP


async def _ward(database: Database) -> tuple[Clinic, str, str]:
    """A device that Anna wears from the session's start, and Bert, who wears none."""
    clinic = await open_clinic(database, None)
    names = []
    async with database.transaction() as tx:
        await resources.lock(tx)
        for value in ("anna", "bert"):
            mrn: Json = {"system": "urn:mrn", "value": value}
            body = patient({"resourceType": "Patient", "identifier": [mrn]})
            await resources.put_many(tx, [draft(body)])
            names.append(str(body["id"]))
    await operator.bind(database, DEVICE, names[0], STARTED_AT, NOW)
    return clinic, names[0], names[1]


async def _publish(clinic: Clinic) -> None:
    while await Publisher(clinic.database, report_interval_s=60, quiet_s=30, poll_s=0.05).turn():
        pass


async def _owners(clinic: Clinic) -> dict[str, str]:
    """Whose each strip is, by the strip's identifier."""
    made = [r for r in await clinic.all("Observation") if "/strip" in _name(r)]
    return {_name(r): r["subject"]["reference"].split("/")[1] for r in made}


def _name(resource: Json) -> str:
    return str(resource["identifier"][0]["value"])


async def test_a_moved_device_mixes_no_records_also_when_chunks_come_late(
    database: Database,
) -> None:
    clinic, anna, bert = await _ward(database)
    found = strips(10)
    holes = [replace(s, n_missing=187, quality=Quality(0.8, True, ())) for s in found]
    # Before the move: strip 1 has a hole, and 3 and 4 have not come at all.
    await clinic.analyse([found[0], holes[1], found[2]])
    await _publish(clinic)
    await operator.bind(database, DEVICE, bert, MOVED, NOW)
    await clinic.analyse([found[5], holes[6], found[7]])
    await _publish(clinic)
    # After it: what was recorded before the move comes late, and what came after it, too.
    await clinic.analyse([found[1], found[3], found[4], found[6], found[8], found[9]])
    await _publish(clinic)
    owners = await _owners(clinic)
    assert [owners[name] for name in sorted(owners)] == [anna] * 5 + [bert] * 5
    summaries = [r for r in await clinic.all("Observation") if "/summary" in _name(r)]
    assert {r["subject"]["reference"] for r in summaries} == {f"Patient/{anna}", f"Patient/{bert}"}
    assert [_worn(v) for v in await clinic.versions("Device", str(DEVICE))] == [bert, anna]


async def test_a_move_that_is_told_late_takes_what_was_published_along(database: Database) -> None:
    clinic, anna, bert = await _ward(database)
    await clinic.analyse(strips(8))
    await _publish(clinic)
    assert set((await _owners(clinic)).values()) == {anna}
    await operator.bind(database, DEVICE, bert, MOVED, NOW)
    await _publish(clinic)
    owners = await _owners(clinic)
    assert [owners[name] for name in sorted(owners)] == [anna] * 5 + [bert] * 3
    await operator.unbind(database, DEVICE, STARTED_AT + 7 * STRIP, NOW)
    await _publish(clinic)
    owners = await _owners(clinic)
    assert [owners[n] for n in sorted(owners)] == [anna] * 5 + [bert] * 2 + [str(DEVICE)]
    assert [_worn(v) for v in await clinic.versions("Device", str(DEVICE))] == [None, bert, anna]


def _worn(device: Json) -> str | None:
    told = device.get("patient", {}).get("reference")
    return told.split("/")[1] if told else None


async def test_what_may_not_be(database: Database) -> None:
    _, anna, bert = await _ward(database)
    ahead = NOW + timedelta(hours=1)
    with pytest.raises(Incorrect, match="future"):
        await operator.bind(database, DEVICE, bert, ahead, NOW)
    with pytest.raises(Incorrect, match="future"):
        await operator.unbind(database, DEVICE, ahead, NOW)
    with pytest.raises(NotFound, match="no Patient/nobody"):
        await operator.bind(database, DEVICE, "nobody", NOW, NOW)
    with pytest.raises(NotFound, match="no device"):
        await operator.bind(database, uuid4(), bert, NOW, NOW)
    with pytest.raises(Conflict):
        await operator.bind(database, DEVICE, bert, STARTED_AT - STRIP, NOW)
    with pytest.raises(Conflict, match="put on"):
        await operator.unbind(database, DEVICE, STARTED_AT - STRIP, NOW)
    async with database.transaction() as tx:
        now = await wearing.worn_now(tx, DEVICE)
        assert now is not None and (now.patient_id, now.since) == (anna, STARTED_AT)
        await operator.revoke(tx, DEVICE, NOW)
    with pytest.raises(Conflict, match="revoked"):
        await operator.bind(database, DEVICE, bert, NOW, NOW)


async def test_the_revoked_stay_listed_with_all_that_is_due(database: Database) -> None:
    clinic, anna, _ = await _ward(database)
    async with database.transaction() as tx:
        await devices.add_key(tx, DEVICE, 1, b"one")
        await fleet.ask_rotation(tx, DEVICE, NOW)
        (member,) = await fleet.listing(tx, 10)
        asked = f"rotation asked {NOW.isoformat(timespec='seconds')}"
        assert operator.told(member)[3:] == (f"Patient/{anna}", "epoch 1", "-", asked)
        await devices.add_key(tx, DEVICE, 2, b"two")
        await fleet.revoke_epoch(tx, DEVICE, 1)
        await operator.revoke(tx, DEVICE, NOW)
        (member,) = await fleet.listing(tx, 10)
        assert operator.told(member)[1] == "revoked"
        assert operator.told(member)[4:] == ("epoch 2", "-", "epoch 1 revoked")
        with pytest.raises(Conflict, match="revoked"):
            await fleet.ask_rotation(tx, DEVICE, NOW)
        with pytest.raises(NotFound):
            await fleet.ask_rotation(tx, uuid4(), NOW)
    (device,) = [d for d in await clinic.all("Device") if d["id"] == str(DEVICE)]
    assert (device["status"], _worn(device)) == ("inactive", anna)


@pytest.mark.parametrize("text", ["", "noon", "2026-11-23T08:00:00"])
def test_a_moment_needs_its_time_zone(text: str) -> None:
    with pytest.raises(Incorrect):
        operator.moment(text, NOW)


def test_moments() -> None:
    assert operator.moment(None, NOW) == NOW
    told = operator.moment("2026-11-23T08:00:00+01:00", NOW)
    assert told == datetime(2026, 11, 23, 7, tzinfo=UTC)


def test_the_commands(database_url: str, tmp_path: Path) -> None:
    bert = asyncio.run(_prepared(database_url))
    variables = {"HISBUNDLE_DATABASE_URL": database_url, "HISBUNDLE_DATA_DIR": str(tmp_path)}

    def device(*words: str) -> str:
        result = CliRunner().invoke(app, ("device", *words), env=variables)
        if result.exception:
            raise result.exception
        return result.stdout

    id_ = str(DEVICE)
    device("bind", id_, bert, "--since", datetime.now(UTC).isoformat())
    device("rotate", id_)
    row = device("list").rstrip("\n").split("\t")
    assert row[:2] + row[3:6] == [id_, "active", f"Patient/{bert}", "-", "-"]
    assert row[6].startswith("rotation asked 20")
    device("unbind", id_)
    with pytest.raises(NotFound, match="no device waits"):
        device("enroll", "--code", "x")
    with pytest.raises(NotFound, match="key epoch 7"):
        device("revoke", id_, "--epoch", "7")
    device("revoke", id_)
    assert f"{id_}\trevoked\t" in device("list")
    assert "BEGIN CERTIFICATE" in device("authority")
    assert "BEGIN X509 CRL" in device("authority", "--crl")


async def _prepared(url: str) -> str:
    database = Database(url)
    _, _, bert = await _ward(database)
    await database.close()
    return bert
