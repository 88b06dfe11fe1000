"""Whatever route it leaves by, a client of certain patients is shown these patients' data."""

import pytest

from store.database import Database
from store.index import Index
from store.resources import Draft, put_many
from tests.api.audit.support import trail
from tests.api.compartments.conftest import Confined
from tests.api.compartments.world import OWNER, keys, owners
from tests.api.conftest import Scoped
from tests.api.support import heart_rate, store

pytestmark = pytest.mark.usefixtures("filled")


async def test_reads(confined: Confined) -> None:
    client = await confined("p1", scopes="patient/*.rs")
    for (type_, id_), owner in OWNER.items():
        shown = owner == "p1" or type_ == "Practitioner"
        status = 200 if shown else 403 if type_ == "Group" else 404
        for path in ("", "/_history", "/_history/1"):
            await client.get(f"{type_}/{id_}{path}", status)
        if type_ == "Observation":
            await client.get(f"{type_}/{id_}/$validate", status)
            await client.get(f"{type_}/{id_}", status, headers={"If-None-Match": "x"})
    for path in ("Subscription", "DeviceMetric", "Group", "AuditEvent", "Group/g/$export"):
        await client.get(path, 403, headers={"Prefer": "respond-async"})
    await client.get("StructureDefinition")


async def test_searches_count_what_they_show(confined: Confined) -> None:
    client = await confined("p1", "p2", scopes="patient/Observation.rs")
    page = (await client.get("Observation?_total=accurate&_count=3")).json()
    assert (page["total"], owners(page)) == (4, {"p1", "p2"})
    pages = await client.pages("Observation?_count=1&_sort=_id")
    assert pages == [["o1a"], ["o1b"], ["o2a"], ["o2b"]]
    assert await client.ids("Observation?patient=p3") == []
    assert await client.ids("Observation?patient=p1,p3&code=8867-4&_sort=_id") == ["o1a", "o1b"]
    assert await client.ids("Observation?patient=p2&_sort=_id") == ["o2a", "o2b"]
    await client.get("Patient", 403)
    await client.get("Observation?patient.identifier=MRN-p1", 403)


async def test_chains_lead_no_further(confined: Confined) -> None:
    client = await confined("p1", scopes="patient/*.rs")
    assert await client.ids("Observation?patient.identifier=MRN-p1&_sort=_id") == ["o1a", "o1b"]
    assert await client.ids("Observation?patient.identifier=MRN-p2") == []
    has = "Practitioner?_has:Encounter:participant:patient="
    assert await client.ids(f"{has}p1") == ["doc"]
    assert await client.ids(f"{has}p2") == []
    assert await client.ids("Observation?has-member:Observation.patient=p2") == []
    await client.get("Patient?_has:Group:member:_id=g", 403)


async def test_includes(confined: Confined) -> None:
    client = await confined("p1", scopes="patient/*.rs")
    found = (await client.get("Observation?_include=*&_revinclude=*&_id=o1a", 400)).status_code
    assert found == 400
    path = "Observation?_id=o1a&_include=Observation:has-member&_include=Observation:performer"
    page = (await client.get(f"{path}&_revinclude=DiagnosticReport:result")).json()
    assert keys(page) == {
        ("Observation", "o1a"), ("Practitioner", "doc"), ("DiagnosticReport", "r1"),
    }  # fmt: skip
    back = (await client.get("Practitioner?_revinclude=Encounter:participant")).json()
    assert keys(back) == {("Practitioner", "doc"), ("Encounter", "e1")}


async def test_histories(confined: Confined, database: Database) -> None:
    client = await confined("p1", scopes="patient/*.rs")
    await store(database, heart_rate("o9", "p2"))
    await store(database, heart_rate("o9", "p1", value=60))
    await store(database, heart_rate("o9", "p2", value=61))
    async with database.transaction() as tx:
        await put_many(tx, [Draft("Flag", "f1", None, Index("p1"))])
        await put_many(tx, [Draft("Flag", "f2", None, Index("p2"))])
    versions = (await client.get("Observation/o9/_history")).json()["entry"]
    assert [entry["resource"]["valueQuantity"]["value"] for entry in versions] == [60]
    await client.get("Observation/o9", 404)
    await client.get("Observation/o9/_history/2")
    await client.get("Observation/o9/_history/3", 404)
    for path in ("_history", "Observation/_history", "Patient/_history", "Flag/_history"):
        page = (await client.get(f"{path}?_count=100")).json()
        found = keys(page) - {("Observation", "o9")}
        assert {OWNER[key] for key in found} <= {"p1", None}
        assert {key for key in found if OWNER[key] is None} <= {("Practitioner", "doc")}
        assert found
    # A deletion tells whose it was: theirs are gone, of others there was never anything.
    await client.get("Flag/f1", 410)
    await client.get("Flag/f2", 404)
    await client.get("Flag/f1/_history/2", 410)
    await client.get("Flag/f2/_history/2", 404)


async def test_operations(confined: Confined, database: Database) -> None:
    client = await confined("p1", scopes="patient/*.rs")
    page = (await client.get("Patient/p1/$everything")).json()
    assert owners(page) <= {"p1", None}
    assert len([key for key in keys(page) if OWNER[key] == "p1"]) == 7
    await client.get("Patient/p2/$everything", 404)
    document = (await client.get("DiagnosticReport/r1/$document")).json()
    told = {(e["resource"]["resourceType"], e["resource"]["id"]) for e in document["entry"]}
    assert ("Observation", "o2b") not in told
    await client.get("DiagnosticReport/r2/$document", 404)
    await client.get("Observation/o2a/$spectrum", 404)
    assert await client.ids("Observation/$lastn?code=8867-4")  # there is one patient
    assert await client.ids("Observation/$lastn?patient=p2&code=8867-4") == []
    patients = {entry.patient for entry in await trail(database)}
    assert patients <= {"p1", "p2", None}
    assert "p2" not in {e.patient for e in await trail(database) if e.status == 200}


async def test_a_category_narrows_further_and_a_system_scope_adds(confined: Confined) -> None:
    client = await confined("p1", scopes="patient/Observation.rs?category=x")
    assert await client.ids("Observation") == ["o1b"]
    await client.get("Observation/o1a", 404)
    await client.get("Observation/o2b", 404)
    both = await confined(
        "p1", scopes="patient/Observation.rs system/Observation.s?category=x system/Patient.rs"
    )
    found = await both.ids("Observation?_sort=_id&_total=accurate")
    assert found == ["o1a", "o1b", "o2b", "o3b"]
    await both.get("Observation/o2b", 404)
    assert len(await both.ids("Patient")) == 3


async def test_without_patients_such_a_scope_is_of_nobody(
    confined: Confined, with_scopes: Scoped
) -> None:
    for client in (await confined(scopes="patient/*.cruds"), with_scopes("patient/*.cruds")):
        for path in ("Observation", "Observation/o1a", "Practitioner", "_history"):
            await client.get(path, 403)


async def test_break_glass_reaches_beyond_the_patients(
    confined: Confined, database: Database
) -> None:
    client = await confined("p1", scopes="patient/Observation.cruds hisbundle/break-glass")
    reason = {"X-Break-Glass": "unconscious, no relatives"}
    await client.get("Observation/o2a", 404)
    await client.get("Observation/o2a", headers=reason)
    assert await client.ids("Observation?patient=p2", headers=reason)
    await client.get("Patient/p2", 403, headers=reason)
    await client.send("DELETE", "Observation/o2a", 204, headers=reason)
    await client.get("Observation/o2a", headers=reason)  # it is still there
    told = [(e.patient, e.reason) for e in await trail(database) if e.reason and e.status == 200]
    assert told
    assert set(told) == {("p2", reason["X-Break-Glass"])}
