"""``hisbundle hl7``: what waits or is held, trying it again, and the settings of the courier."""

from pathlib import Path

import pytest

from core.errors import Incorrect
from core.settings import Settings
from hisbundle.hl7v2 import courier
from hisbundle.parts import assemble
from store import hl7v2
from store.database import Database
from tests.hisbundle.processes import command


async def test_status_and_resend(database: Database, database_url: str, tmp_path: Path) -> None:
    options = {"database_url": database_url, "data_dir": tmp_path}
    async with database.transaction() as tx:
        for number in (1, 2):
            await hl7v2.add(tx, f"C{number}", f"r{number}", number, "p1", "MSH|secret")
        first = await hl7v2.claim(tx)
        assert first is not None
        await hl7v2.failed(tx, first.id, "refused with AE", 1, refused=True, held=True)
    status, out, err = await command("hl7", "status", **options)
    assert status == 0, err
    counts, rows = out.splitlines()[:2], [line.split("\t") for line in out.splitlines()[2:]]
    assert counts == ["held\t1", "waiting\t1"]
    assert [row[:2] for row in rows] == [["C1", "held"], ["C2", "waiting"]]
    assert rows[0][4:] == ["DiagnosticReport/r1/_history/1", "refused with AE"]
    assert "secret" not in out
    assert "1 to be sent" in (await command("hl7", "resend", "C1", **options))[1]
    assert "2 to be sent" in (await command("hl7", "resend", **options))[1]
    assert (await command("hl7", "resend", "nothing", **options))[0] == 2


async def test_the_settings_make_a_courier(database: Database, tmp_path: Path) -> None:
    def made(**given: object) -> object:
        settings = Settings.model_validate({"data_dir": tmp_path, "roles": []} | given)
        return courier(assemble(settings, database))

    assert made() is None
    assert made(hl7v2_host="ehr.test") is not None
    assert made(hl7v2_host="ehr.test", hl7v2_tls=True) is not None
    with pytest.raises(Incorrect, match="HISBUNDLE_HL7V2_CA_FILE"):
        made(hl7v2_host="ehr.test", hl7v2_tls=True, hl7v2_ca_file=tmp_path / "nowhere")
