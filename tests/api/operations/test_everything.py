import pytest

from core.local_vault import LocalVault
from store.database import Database
from tests.api.conftest import Scoped
from tests.api.exhibits import Exhibit, exhibit
from tests.api.support import BASE, Client, flag, heart_rate, ids, link, patient, store


@pytest.fixture
async def shown(database: Database, vault: LocalVault) -> Exhibit:
    return await exhibit(database, vault)


async def _walk(client: Client, path: str) -> list[str]:
    found: list[str] = []
    where: str | None = path
    while where is not None:
        bundle = (await client.get(where)).json()
        found += [
            f"{entry['resource']['resourceType']}/{entry['resource']['id']}"
            for entry in bundle.get("entry", [])
            if entry["search"]["mode"] == "match"
        ]
        where = link(bundle, "next")
    return found


async def test_everything_is_there_once_whatever_the_page(client: Client, shown: Exhibit) -> None:
    person = shown.report["subject"]["reference"]
    whole = await _walk(client, f"{person}/$everything?_count=200")
    assert whole[0] == person
    assert f"DiagnosticReport/{shown.report['id']}" in whole
    assert {f"Observation/{strip['id']}" for strip in shown.strips} <= set(whole)
    assert len(set(whole)) == len(whole)
    for count in (1, 2, 5):
        assert await _walk(client, f"{person}/$everything?_count={count}") == whole


async def test_a_post_says_it_in_parameters(client: Client, database: Database) -> None:
    await store(database, patient("p1"), heart_rate("h1"), heart_rate("h2"))
    named: list[tuple[str, str, str | int]] = [
        ("_type", "valueCode", "Patient"),
        ("_type", "valueCode", "Observation"),
        ("_count", "valueInteger", 2),
    ]
    asked = {
        "resourceType": "Parameters",
        "parameter": [{"name": name, kind: value} for name, kind, value in named],
    }
    headers = {"Content-Type": "application/fhir+json"}
    path = f"{BASE}/Patient/p1/$everything"
    bundle = (await client.send("POST", path, 200, json=asked, headers=headers)).json()
    assert ids(bundle) == ["p1", "h1"]
    assert ids((await client.get(str(link(bundle, "next")))).json()) == ["h2"]
    whole = (await client.send("POST", path, 200)).json()
    assert ids(whole) == await client.ids("Patient/p1/$everything")


async def test_of_one_patient_and_nobody_else(client: Client, database: Database) -> None:
    await store(
        database,
        patient("p1"),
        patient("p2"),
        heart_rate("h1", "p1"),
        heart_rate("h2", "p2"),
        flag("f1", "p1", "active", "2026-03-01T12:00:00Z"),
    )
    assert await _walk(client, "Patient/p1/$everything") == [
        "Patient/p1",
        "Observation/h1",
        "Flag/f1",
    ]
    await client.get("Patient/p3/$everything", 404)


async def test_types_times_and_since(client: Client, database: Database) -> None:
    first = await store(database, patient("p1"), heart_rate("h0", minute=0))
    second = await store(database, heart_rate("h60", minute=60))
    base = "Patient/p1/$everything"
    assert await _walk(client, f"{base}?_type=Observation") == ["Observation/h0", "Observation/h60"]
    late = await _walk(client, f"{base}?start=2026-03-01T12:30:00Z")
    assert late == ["Patient/p1", "Observation/h60"]
    early = await _walk(client, f"{base}?end=2026-03-01T12:30:00Z")
    assert early == ["Patient/p1", "Observation/h0"]
    assert second[0].last_updated > first[0].last_updated
    since = second[0].last_updated.isoformat().replace("+00:00", "Z")
    assert await _walk(client, f"{base}?_since={since}") == ["Observation/h60"]


@pytest.mark.parametrize(
    "query",
    ["unicorn=1", "_type=Unicorn", "_count=0", "_count=x", "start=yesterday", "_cursor=AAAA",
     "start=2026&start=2027"],
)  # fmt: skip
async def test_what_is_wrong_is_said(client: Client, database: Database, query: str) -> None:
    await store(database, patient("p1"))
    await client.get(f"Patient/p1/$everything?{query}", 400)


async def test_scopes_bound_what_everything_is(
    with_scopes: Scoped, client: Client, database: Database
) -> None:
    await store(
        database,
        patient("p1"),
        heart_rate("h1"),
        flag("f1", "p1", "active", "2026-03-01T12:00:00Z"),
    )
    seen = with_scopes("system/Patient.r", "system/Flag.r")
    assert await _walk(seen, "Patient/p1/$everything") == ["Patient/p1", "Flag/f1"]
    category = "http://terminology.hl7.org/CodeSystem/observation-category"
    none = with_scopes("system/Patient.r", f"system/Observation.rs?category={category}|laboratory")
    assert await _walk(none, "Patient/p1/$everything") == ["Patient/p1"]
    await with_scopes("system/Observation.rs").get("Patient/p1/$everything", 403)
