"""_include and _revinclude, over a ward with everything that refers to anything."""

import asyncio
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from api import includes
from fhir.values import Json, reference
from store.database import Database
from tests.api.conftest import Scoped
from tests.api.support import BASE, Client, flag, heart_rate, link, patient, store, strip

LENIENT = {"Prefer": "handling=lenient"}


def _derived(id_: str, source: str, **more: Any) -> Json:
    return heart_rate(id_, **more) | {"derivedFrom": [reference("Observation", source)]}


def _place(id_: str, within: str | None = None) -> Json:
    part_of = {"partOf": reference("Location", within)} if within else {}
    return {"resourceType": "Location", "id": id_, "name": id_, **part_of}


def _provenance(id_: str, *targets: tuple[str, str]) -> Json:
    return {
        "resourceType": "Provenance",
        "id": id_,
        "target": [reference(*target) for target in targets],
        "recorded": "2026-03-01T12:00:00Z",
        "agent": [{"who": reference("Device", "d1")}],
    }


@pytest.fixture(autouse=True)
async def ward(database: Database) -> None:
    encounter = {
        "resourceType": "Encounter",
        "id": "e1",
        "status": "in-progress",
        "class": {"code": "IMP", "system": "http://terminology.hl7.org/CodeSystem/v3-ActCode"},
        "subject": reference("Patient", "p1"),
        "location": [{"location": reference("Location", "bed")}],
        "serviceProvider": reference("Organization", "nowhere"),
    }
    report = {
        "resourceType": "DiagnosticReport",
        "id": "r1",
        "status": "final",
        "code": {"text": "Holter"},
        "subject": reference("Patient", "p1"),
        "result": [reference("Observation", "hr1"), {"reference": "Observation/hr2/_history/1"}],
    }
    await store(
        database,
        patient("p1"),
        patient("p2"),
        {"resourceType": "Device", "id": "d1"},
        strip("s1"),
        _derived("hr1", "s1"),
        _derived("hr2", "s1", minute=1) | {"encounter": reference("Encounter", "e1")},
        heart_rate("hr3", person="p2", minute=2),
        flag("f1", "p1", "active", "2026-03-01T12:00:00Z"),
        flag("f2", "p2", "active", "2026-03-01T12:00:00Z"),
        _provenance("v1", ("Observation", "hr1"), ("Observation", "hr2")),
        _provenance("v2", ("DiagnosticReport", "r1")),
        encounter,
        report,
        _place("bed", "room"),
        _place("room", "house"),
        _place("house"),
    )


def _told(bundle: Json, mode: str) -> str:
    entries = [e for e in bundle.get("entry", []) if e["search"]["mode"] == mode]
    return " ".join(f"{e['resource']['resourceType']}/{e['resource']['id']}" for e in entries)


def _sorted(bundle: Json, mode: str = "include") -> str:
    return " ".join(sorted(_told(bundle, mode).split()))


FOUND = {
    "DiagnosticReport?_include=DiagnosticReport:result": "Observation/hr1 Observation/hr2",
    "DiagnosticReport?_include=DiagnosticReport:result&_include=DiagnosticReport:patient":
        "Observation/hr1 Observation/hr2 Patient/p1",
    "DiagnosticReport?_include=DiagnosticReport:subject:Device": "",
    "Observation?code=8867-4&_include=Observation:device&_include=Observation:subject":
        "Device/d1 Patient/p1 Patient/p2",
    "Observation?_id=hr1&_include=Observation:subject:Patient": "Patient/p1",
    "Observation?_id=hr1,hr2&_revinclude=Provenance:target": "Provenance/v1",
    "Observation?_id=s1&_revinclude=Observation:derived-from": "Observation/hr1 Observation/hr2",
    "Observation?_revinclude=Observation:derived-from&_include=Observation:derived-from": "",
    "Observation?_id=hr2&_include=Observation:*":
        "Device/d1 Encounter/e1 Observation/s1 Patient/p1",
    "Observation?_id=hr3&_revinclude=DiagnosticReport:result": "",
    "Patient?_revinclude=Flag:patient": "Flag/f1 Flag/f2",
    "Patient?_id=p1&_revinclude=Flag:subject&_revinclude=Encounter:patient":
        "Encounter/e1 Flag/f1",
    "Encounter?_include=Encounter:location": "Location/bed",
    "Encounter?_include=Encounter:service-provider": "",
    "Encounter?_include=Encounter:location&_include:iterate=Location:partof":
        "Location/bed Location/house Location/room",
    "Encounter?_include:iterate=Location:partof": "",
    "Encounter?_revinclude=Observation:encounter&_revinclude:iterate=Provenance:target":
        "Observation/hr2 Provenance/v1",
    "Location?_id=house&_revinclude:iterate=Location:partof": "Location/bed Location/room",
    "Provenance?_id=v2&_include=Provenance:target&_include:iterate=DiagnosticReport:result"
    "&_include:iterate=Observation:derived-from":
        "DiagnosticReport/r1 Observation/hr1 Observation/hr2 Observation/s1",
}  # fmt: skip


async def test_what_is_included(client: Client) -> None:
    found = {query: _sorted((await client.get(query)).json()) for query in FOUND}
    assert found == FOUND


async def test_what_is_included_is_no_match(client: Client) -> None:
    query = "Observation?code=8867-4&_include=Observation:subject&_total=accurate&_count=2"
    bundle = (await client.get(query)).json()
    assert bundle["total"] == 3
    assert _told(bundle, "match") == "Observation/hr3 Observation/hr2"
    assert _sorted(bundle) == "Patient/p1 Patient/p2"
    assert link(bundle, "self") == f"{BASE}/{query}"
    following = link(bundle, "next")
    assert following is not None
    bundle = (await client.get(following)).json()
    assert (_told(bundle, "match"), _told(bundle, "include")) == ("Observation/hr1", "Patient/p1")


async def test_what_may_not_be_seen_is_left_out(with_scopes: Scoped) -> None:
    query = "Observation?_id=hr1&_include=Observation:subject&_include=Observation:derived-from"
    everything = "Observation/s1 Patient/p1"
    vital = "system/Observation.rs?category=vital-signs"
    for scopes, wanted in (
        (("system/*.rs",), everything),
        (("system/Observation.rs", "system/Patient.r"), everything),
        (("system/Observation.rs", "system/Patient.s"), everything),
        (("system/Observation.rs",), "Observation/s1"),
        ((vital, "system/Patient.rs"), "Patient/p1"),
        (("system/Observation.rs", "system/Patient.cud"), "Observation/s1"),
    ):
        bundle = (await with_scopes(*scopes).get(query)).json()
        assert _sorted(bundle) == wanted, scopes


async def test_what_refers_takes_a_scope_to_search(with_scopes: Scoped) -> None:
    for scope, wanted in (("rs", "Provenance/v1"), ("s", "Provenance/v1"), ("r", "")):
        client = with_scopes("system/Observation.rs", f"system/Provenance.{scope}")
        query = "Observation?_id=hr1&_revinclude=Provenance:target"
        assert _sorted((await client.get(query)).json()) == wanted
    client = with_scopes(
        "system/Observation.rs?category=procedure", "system/Patient.rs", "system/Device.rs"
    )
    query = "Patient?_id=p1&_revinclude=Observation:patient"
    assert _sorted((await client.get(query)).json()) == "Observation/s1"


async def test_so_many_and_no_more(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    for bound, query, number in (
        ("MAX_INCLUDED", "Patient?_revinclude=Observation:patient", 2),
        ("MAX_INCLUDED", "Observation?_include=Observation:patient&_include=Observation:device", 2),
        ("MAX_SEARCHES", "Patient?_revinclude=Observation:patient&_revinclude=Flag:patient", 4),
    ):
        monkeypatch.setattr(includes, bound, 2)
        bundle = (await client.get(query)).json()
        monkeypatch.undo()
        assert len(_told(bundle, "include").split()) == number
        assert "missing" in bundle["entry"][-1]["resource"]["issue"][0]["diagnostics"]
        assert bundle["entry"][-1]["search"]["mode"] == "outcome"
    monkeypatch.setattr(includes, "MAX_ROUNDS", 1)
    bundle = (await client.get("Location?_id=bed&_include:iterate=Location:partof")).json()
    room, remark = bundle["entry"][1:]
    assert room["resource"]["id"] == "room"
    assert remark["search"]["mode"] == "outcome"


async def test_lenient_drops_what_leads_nowhere(client: Client) -> None:
    wrong = "Patient?_id=p1&_include=Observation:device"
    await client.get(wrong, 400)
    bundle = (await client.get(wrong, headers=LENIENT)).json()
    assert _told(bundle, "match") == "Patient/p1"
    assert "nowhere" in bundle["entry"][-1]["resource"]["issue"][0]["diagnostics"]
    assert link(bundle, "self") == f"{BASE}/Patient?_id=p1"


SCOPES = [
    "system/Observation.rs",
    "system/Observation.r?category=procedure",
    "system/Observation.rs?category=vital-signs",
    "system/Patient.r",
    "system/Patient.s",
    "system/Provenance.rs",
    "system/Provenance.r",
    "system/Encounter.rs",
    "system/Location.ud",
    "system/Flag.s",
    "system/Flag.read",
]
WANTED = st.tuples(
    st.sampled_from(["_include", "_include:iterate", "_revinclude", "_revinclude:iterate"]),
    st.sampled_from(
        [
            *("Observation:subject", "Observation:derived-from", "Observation:encounter"),
            *("Flag:subject", "Provenance:target", "Encounter:location", "Encounter:patient"),
            *("Observation:*", "Location:partof", "Observation:patient", "Provenance:*"),
        ]
    ),
)


async def test_nothing_leaves_that_no_scope_grants(with_scopes: Scoped) -> None:
    loop = asyncio.get_running_loop()

    def is_granted(resource: Json, scopes: set[str]) -> bool:
        name = resource["resourceType"]
        vital = any(
            coding["code"] == "vital-signs"
            for category in resource.get("category", [])
            for coding in category["coding"]
        )
        for scope in scopes:
            granted, _, category = scope.partition("?category=")
            letters = granted.rpartition(".")[2].replace("read", "rs")
            own = "vital-signs" if vital else "procedure"
            of_type = granted.startswith(f"system/{name}.") and category in ("", own)
            if of_type and {*letters} & {"r", "s"}:
                return True
        return False

    @settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
    @given(
        st.sampled_from(["Observation", "Patient", "Encounter"]),
        st.sets(st.sampled_from(SCOPES), max_size=5),
        st.lists(WANTED, max_size=4),
    )
    def check(kind: str, scopes: set[str], wanted: list[tuple[str, str]]) -> None:
        client = with_scopes(*scopes)
        ask = client.http.get(f"{BASE}/{kind}?{urlencode(wanted)}", headers=LENIENT)
        answer = asyncio.run_coroutine_threadsafe(ask, loop).result(20)
        assert answer.status_code in (200, 403)
        entries = answer.json().get("entry", [])
        told = [e["resource"] for e in entries if e["search"]["mode"] != "outcome"]
        assert len({(r["resourceType"], r["id"]) for r in told}) == len(told)
        assert all(is_granted(resource, scopes) for resource in told)

    await asyncio.to_thread(check)
