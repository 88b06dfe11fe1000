"""``hisbundle alerts``: what is open, its history, answering for it, and whom to tell."""

from pathlib import Path

from store.database import Database
from tests.alerting.ward import TACHYCARDIA, open_ward, part
from tests.core.alarms.test_policy import FILE
from tests.fhir.samples import PATIENT
from tests.hisbundle.processes import command


async def test_the_alerts_of_a_patient(
    database: Database, database_url: str, tmp_path: Path
) -> None:
    options = {"database_url": database_url, "data_dir": tmp_path}
    ward = await open_ward(database)
    await ward.tell(TACHYCARDIA)
    name = (await ward.flag())["id"]
    status, out, err = await command("alerts", "list", "--patient", PATIENT, **options)
    assert status == 0, err
    (row,) = [line.split("\t") for line in out.splitlines()]
    assert row[:6] == [name, PATIENT, "tachycardia", "medium", "open", "1 times"]
    by = ("--by", "Practitioner/7")
    assert (await command("alerts", "acknowledge", name, *by, **options))[0] == 0
    assert part(await ward.flag(), "acknowledgedBy") == {"reference": "Practitioner/7"}
    assert (await ward.tasks())[0]["status"] == "accepted"
    status, out, err = await command("alerts", "acknowledge", name, *by, **options)
    assert "acknowledged already" in err
    assert (await command("alerts", "acknowledge", "x", *by, **options))[0] == 2
    out = (await command("alerts", "history", name, **options))[1]
    told = [line.split("\t")[1:] for line in out.splitlines()]
    assert told == [["opened", "open"], ["acknowledged", "acknowledged", "Practitioner/7"]]
    assert (await command("alerts", "history", "x", **options))[0] == 2
    assert (await command("alerts", "list", "--patient", "nobody", **options))[1] == ""


async def test_policies_are_set_and_shown(database_url: str, tmp_path: Path) -> None:
    options = {"database_url": database_url, "data_dir": tmp_path}
    assert "by FHIR alone" in (await command("alerts", "policy", "show", **options))[1]
    file = tmp_path / "policy.toml"
    file.write_text(FILE)
    assert (await command("alerts", "policy", "set", str(file), **options))[1] == "2 in force\n"
    out = (await command("alerts", "policy", "show", **options))[1].splitlines()
    assert out[0].startswith("ward 3\thigh\tCareTeam/team3\trepeats 3 times after 300 s")
    assert out[2] == "\tlevel 2\tafter 120 s\temail duty@example.org"
    file.write_text(FILE.replace("delay_s = 0", "delay_s = -5"))
    status, _, err = await command("alerts", "policy", "set", str(file), **options)
    assert (status, "policy.0.levels.0.delay_s" in err) == (2, True)
    file.write_text("[[")
    assert (await command("alerts", "policy", "set", str(file), **options))[0] == 2
