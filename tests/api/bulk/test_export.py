"""What an export gives, from order to last line."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import text

from core.local_vault import LocalVault
from fhir.search.registry import TYPES
from fhir.values import instant
from store.database import Database
from store.resources import Draft, put_many
from tests.api.bulk.support import ASYNC, Done, export, fetch, group, member, order, parsed, work
from tests.api.conftest import Scoped
from tests.api.exhibits import exhibit
from tests.api.support import BASE, Client, flag, heart_rate, patient, store

PEOPLE = ["p1", "p2", "p3"]


async def _stored(database: Database) -> None:
    await store(database, *[patient(name) for name in PEOPLE])
    await store(database, *[heart_rate(f"o{n:02}", PEOPLE[n % 3], n) for n in range(20)])
    await store(database, flag("f1", "p1", "active", "2026-03-01T12:00:00Z"))
    await store(database, flag("f2", "p2", "inactive", "2026-03-01T12:00:00Z"))


async def _delete(database: Database, type_: str, id_: str) -> None:
    async with database.transaction() as tx:
        await put_many(tx, [Draft(type_, id_, None)])


async def test_a_system_export_holds_everything_once(client: Client, database: Database) -> None:
    await _stored(database)
    made = await export(client, database)
    assert made.ids("Patient") == PEOPLE
    assert made.ids("Observation") == [f"o{n:02}" for n in range(20)]
    assert made.ids("Flag") == ["f1", "f2"]
    assert [file["count"] for file in made.manifest["output"]] == [3, 7, 7, 6, 2]
    assert made.manifest["request"] == f"{BASE}/$export"
    assert made.manifest["requiresAccessToken"] is True
    assert made.manifest["deleted"] == made.manifest["error"] == []
    newest = max(line["meta"]["lastUpdated"] for lines in made.lines.values() for line in lines)
    assert made.manifest["transactionTime"] == newest


async def test_an_empty_server_has_an_empty_manifest(client: Client, database: Database) -> None:
    made = await export(client, database)
    assert made.lines == {}
    await store(database, patient("p1"))
    since = made.manifest["transactionTime"]
    assert (await export(client, database, f"$export?_since={since}")).ids("Patient") == ["p1"]


async def test_everything_is_as_it_was_when_it_was_ordered(
    client: Client, database: Database
) -> None:
    await _stored(database)
    status = await order(client, "$export?_type=Observation,Patient")
    await store(database, heart_rate("o01", "p1", 1, 99), heart_rate("o99", "p1"))
    await store(database, heart_rate("o01", "p1", 1, 100))
    await _delete(database, "Observation", "o02")
    await _delete(database, "Patient", "p3")
    await store(database, patient("p3"))
    await work(database)
    made = await fetch(client, status)
    assert made.ids("Observation") == [f"o{n:02}" for n in range(20)]
    assert made.lines["Observation"][1]["valueQuantity"]["value"] == 72
    assert made.ids("Patient") == PEOPLE
    assert made.lines["Patient"][2]["meta"]["versionId"] == "1"
    since = made.manifest["transactionTime"]
    later = await export(client, database, f"$export?_type=Observation,Patient&_since={since}")
    assert later.ids("Observation") == ["o01", "o99"]
    assert later.ids("Patient") == ["p3"]
    assert later.deleted == ["Observation/o02"]


async def test_deletions_are_told_of_whom_they_concern(client: Client, database: Database) -> None:
    await _stored(database)
    await store(database, group("g", member("p1")))
    since = (await export(client, database)).manifest["transactionTime"]
    await _delete(database, "Observation", "o00")
    await _delete(database, "Observation", "o01")
    await _delete(database, "Group", "g")
    assert (await export(client, database, f"$export?_since={since}")).deleted == [
        "Observation/o00",
        "Observation/o01",
        "Group/g",
    ]
    everybody = await export(client, database, f"Patient/$export?_since={since}")
    assert everybody.deleted == ["Observation/o00", "Observation/o01"]
    await store(database, group("h", member("p2")))
    theirs = await export(client, database, f"Group/h/$export?_since={since}")
    assert theirs.deleted == ["Observation/o01"]


async def test_patients_and_what_is_theirs(client: Client, database: Database) -> None:
    await _stored(database)
    own = heart_rate("device") | {"subject": {"reference": "Device/d1"}}
    await store(database, own, group("g"))
    made = await export(client, database, "Patient/$export")
    assert set(made.lines) == {"Patient", "Observation", "Flag"}
    assert made.ids("Observation") == [f"o{n:02}" for n in range(20)]
    body = {
        "resourceType": "Parameters",
        "parameter": [
            {"name": "patient", "valueReference": {"reference": "Patient/p1"}},
            {"name": "patient", "valueReference": {"reference": f"{BASE}/Patient/p3"}},
            {"name": "_type", "valueString": "Observation"},
            {"name": "_outputFormat", "valueCode": "ndjson"},
        ],
    }
    made = await export(client, database, "Patient/$export", method="POST", json=body)
    assert set(made.lines) == {"Observation"}
    people = {line["subject"]["reference"] for line in made.lines["Observation"]}
    assert people == {"Patient/p1", "Patient/p3"}


async def test_the_members_of_a_group(client: Client, database: Database) -> None:
    await _stored(database)
    past = {"end": instant(datetime.now(UTC) - timedelta(days=1))}
    present = {"start": instant(datetime.now(UTC) - timedelta(days=1))}
    gone = [member("p2", inactive=True), member("p3", period=past)]
    await store(database, group("g", member("p1", period=present), *gone))
    made = await export(client, database, "Group/g/$export")
    assert made.ids("Patient") == ["p1"]
    assert made.ids("Flag") == ["f1"]
    assert set(made.lines) == {"Patient", "Observation", "Flag"}
    await store(database, group("nobody"))
    assert (await export(client, database, "Group/nobody/$export")).lines == {}


async def test_filters_are_searches(client: Client, database: Database) -> None:
    await _stored(database)
    asked = "$export?_type=Flag,Observation&_typeFilter=Flag%3Fstatus%3Dactive"
    made = await export(client, database, asked)
    assert made.ids("Flag") == ["f1"]
    assert len(made.ids("Observation")) == 20
    either = (
        "$export?_typeFilter=Observation%3Fpatient%3Dp1%26_id%3Do00%2Co01%2Co03,"
        "Observation%3Fpatient%3Dp2,Observation%3Fpatient%3Dp2&_type=Observation"
    )
    made = await export(client, database, either, lines=2)
    assert made.ids("Observation") == ["o00", "o01", "o03", *[f"o{n:02}" for n in range(4, 20, 3)]]
    await store(database, heart_rate("o01", "p2", 1, 98), heart_rate("o99", "p2"))
    since = made.manifest["transactionTime"]
    made = await export(client, database, f"{either}&_since={since}", lines=2)
    assert made.ids("Observation") == ["o01", "o99"]


async def test_what_is_filtered_may_be_newer_but_not_new(
    client: Client, database: Database
) -> None:
    await _stored(database)
    status = await order(client, "Patient/$export?_typeFilter=Observation%3Fstatus%3Dfinal")
    await store(database, heart_rate("o01", "p2", 1, 99), heart_rate("o99", "p2"))
    own = heart_rate("o03") | {"subject": {"reference": "Device/d1"}}
    await store(database, own)
    await work(database)
    made = await fetch(client, status)
    assert made.ids("Observation") == [f"o{n:02}" for n in range(20) if n != 3]
    assert made.lines["Observation"][1]["valueQuantity"]["value"] == 99


async def test_strips_carry_their_samples(
    client: Client, database: Database, vault: LocalVault
) -> None:
    shown = await exhibit(database, vault)
    made = await export(client, database)
    strips = {line["id"]: line for line in made.lines["Observation"]}
    for strip in shown.strips:
        read = (await client.get(f"Observation/{strip['id']}")).json()
        assert strips[strip["id"]] == read
        assert read["component"][0]["valueSampledData"]["data"]
    async with database.transaction() as tx:
        kept = await tx.execute(text("SELECT job_part::text || job::text FROM job_part, job"))
        assert not any("SampledData" in row[0] for row in kept)


async def test_files_are_compressed_for_who_takes_it(client: Client, database: Database) -> None:
    await _stored(database)
    made = await export(client, database, "$export?_type=Observation", lines=100)
    (file,) = made.manifest["output"]
    plain = await client.get(file["url"], headers={"Accept-Encoding": "identity"})
    packed = await client.get(file["url"], headers={"Accept-Encoding": "gzip"})
    assert "content-encoding" not in plain.headers
    assert packed.headers["content-encoding"] == "gzip"
    assert packed.content == plain.content
    head = await client.send("HEAD", file["url"], 200)
    assert head.headers["content-type"] == "application/fhir+ndjson"
    assert head.content == b""


async def test_a_search_may_be_answered_later(client: Client, database: Database) -> None:
    await _stored(database)
    made = await export(client, database, "Observation?patient=p1&_sort=-date&_count=2")
    assert made.ids("Observation") == [f"o{n:02}" for n in range(0, 20, 3)]
    assert made.manifest["request"].endswith("Observation?patient=p1&_sort=-date&_count=2")
    form = {"patient": "Patient/p2"}
    made = await export(client, database, "Observation/_search", method="POST", data=form)
    assert made.ids("Observation") == [f"o{n:02}" for n in range(1, 20, 3)]
    for page in ("_count=0", "_total=accurate", "_summary=count"):
        bundle = await client.get(f"Observation?{page}", headers=ASYNC)
        assert bundle.json()["total"] == 20


async def test_every_type_that_is_searched_is_exported(
    with_scopes: Scoped, database: Database
) -> None:
    made: Done = await export(with_scopes("system/*.rs"), database)
    assert made.lines == {}
    async with database.transaction() as tx:
        request = (await tx.execute(text("SELECT request FROM job"))).scalar_one()
    assert {step[0] for step in request["steps"]} == set(TYPES) - {"Binary"}


async def test_lines_are_whole_resources(client: Client, database: Database) -> None:
    await _stored(database)
    made = await export(client, database, "$export?_type=Patient")
    (file,) = made.manifest["output"]
    for line in parsed(await client.get(file["url"])):
        assert line == (await client.get(f"Patient/{line['id']}")).json()
