"""A session as one recording, read in pages; each wearer's part is theirs alone."""

from datetime import timedelta

import numpy as np
import pytest
from sqlalchemy import text

from api import results
from api.grants import Grant
from api.recordings import recording
from api.scopes import WHOLE
from core.chunk import INVALID_SAMPLE
from core.ecg import SAMPLES_PER_STRIP
from core.errors import Conflict
from core.keyring import KeyRing
from core.local_vault import LocalVault
from export.recording import BeatClass, Recording
from store.database import Database
from tests.api.exhibits import STARTED_AT, Exhibit, exhibit, publish


@pytest.fixture
async def shown(database: Database, vault: LocalVault) -> Exhibit:
    return await exhibit(database, vault, strips=5)


async def _read(database: Database, keyring: KeyRing, report_id: str) -> Recording:
    async with database.transaction() as tx:
        result = await results.find(tx, [Grant("DiagnosticReport", (WHOLE,))], report_id)
        return await recording(tx, keyring, result)


async def test_pages_make_no_difference(
    database: Database, keyring: KeyRing, shown: Exhibit, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = await _read(database, keyring, shown.report["id"])
    assert np.array_equal(whole.codes, shown.codes)
    for name, size in (("api.recordings.PAGE", 2), ("api.samples.PAGE", 3)):
        monkeypatch.setattr(name, size)
    paged = await _read(database, keyring, shown.report["id"])
    assert np.array_equal(paged.codes, whole.codes)
    assert np.array_equal(paged.beats, whole.beats)
    assert np.array_equal(paged.classes, whole.classes)


async def test_another_wearer_s_part_is_not_in_it(
    database: Database, keyring: KeyRing, shown: Exhibit
) -> None:
    since = STARTED_AT + timedelta(seconds=2 * SAMPLES_PER_STRIP / 125)
    async with database.transaction() as tx:
        for statement in (
            "UPDATE wearing SET until = :since",
            "INSERT INTO wearing (device_id, patient_id, since) VALUES (:device, 'other', :since)",
            "UPDATE finding SET published = false",
            "UPDATE report SET findings = 0, status = 'partial'",
        ):
            wanted = {"since": since, "device": shown.device.id}
            used = {name: value for name, value in wanted.items() if f":{name}" in statement}
            await tx.execute(text(statement), used)
    await publish(database)
    mine = await _read(database, keyring, shown.report["id"])
    assert np.array_equal(mine.codes, shown.codes[: 2 * SAMPLES_PER_STRIP])
    assert mine.beats.max() < 2 * SAMPLES_PER_STRIP


async def test_a_strip_that_is_not_there_is_a_gap(
    database: Database, keyring: KeyRing, shown: Exhibit
) -> None:
    async with database.transaction() as tx:
        await tx.execute(text("DELETE FROM finding WHERE strip_index = 2"))
    read = await _read(database, keyring, shown.report["id"])
    gap = slice(2 * SAMPLES_PER_STRIP, 3 * SAMPLES_PER_STRIP)
    assert (read.codes[gap] == INVALID_SAMPLE).all()
    assert np.array_equal(read.codes[gap.stop :], shown.codes[gap.stop :])


async def test_one_file_has_one_rate(database: Database, keyring: KeyRing, shown: Exhibit) -> None:
    async with database.transaction() as tx:
        await tx.execute(
            text("UPDATE finding SET body = jsonb_set(body, '{rate_hz}', '250')"
                 " WHERE strip_index = 3")
        )  # fmt: skip
    with pytest.raises(Conflict):
        await _read(database, keyring, shown.report["id"])


async def test_classes_and_episodes_are_those_of_the_strips(
    database: Database, keyring: KeyRing, shown: Exhibit
) -> None:
    span = '{"kind":"atrial-fibrillation","first_sample":1400,"stop_sample":%d,"beats":9,' + (
        '"rate_per_min":null,"verified":true}'
    )
    async with database.transaction() as tx:
        for strip, stop in ((1, 2992), (2, 3000)):  # told again, with its end
            await tx.execute(
                text("UPDATE finding SET body = jsonb_set(jsonb_set(body, '{rhythm}', :rhythm),"
                     " '{beats,0,beat_class}', '\"V\"') WHERE strip_index = :strip"),
                {"rhythm": f"[{span % stop}]", "strip": strip},
            )  # fmt: skip
        await tx.execute(text("DELETE FROM finding WHERE strip_index = 0"))
    read = await _read(database, keyring, shown.report["id"])
    (told,) = read.rhythm
    start = SAMPLES_PER_STRIP
    assert (told.first_sample, told.stop_sample) == (0, 3000 - start)
    ventricular = read.beats[read.classes == BeatClass.VENTRICULAR]
    assert len(ventricular) == 2
    assert ventricular[1] >= SAMPLES_PER_STRIP
