import pytest

from store.database import Database
from tests.api.searched import STORED
from tests.api.support import (
    BASE,
    LOINC,
    MDC,
    Client,
    ids,
    link,
    store,
)

FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@pytest.fixture(autouse=True)
async def stored(database: Database) -> None:
    await store(database, *STORED)


FOUND = [
    ("Observation?patient=p1&code=8867-4", "hr4 hr3 hr2 hr1 hr0"),
    ("Observation?patient=Patient/p2", "other"),
    (f"Observation?subject={BASE}/Patient/p2", "other"),
    ("Observation?subject:Patient=p2", "other"),
    ("Observation?subject=Device/p2", ""),
    ("Observation?patient=p1,p2&date=2026-03-01T12:02:00Z&_sort=_id", "hr2 other"),
    (f"Observation?patient=p1&code={LOINC}|8867-4&_count=2", "hr4 hr3"),
    (f"Observation?patient=p1&code={MDC}|131328", "s1 s0"),
    ("Observation?patient=p1&code=urn:oid:2.16.840.1.113883.6.24|131328", "s1 s0"),
    ("Observation?code=|131328", ""),
    (f"Observation?code={MDC}|", "s1 s0"),
    (f"Observation?code={LOINC}|131328", ""),
    ("Observation?code=131328,8867-4&patient=p2", "other"),
    ("Observation?code=131328&code=8867-4", ""),
    ("Observation?code=131328&code=11524-6", "s1 s0"),
    ("Observation?component-code=131328", "s1 s0"),
    (f"Observation?component-code={MDC}|131328", "s1 s0"),
    (f"Observation?component-code={MDC}|", "s1 s0"),
    (f"Observation?component-code={LOINC}|131328", ""),
    ("Observation?component-code=|131328", ""),
    ("Observation?combo-code=131328,nothing", "s1 s0"),
    ("Observation?category=vital-signs&patient=p2&status=final", "other"),
    ("Observation?status=http://hl7.org/fhir/observation-status|final&patient=p2", "other"),
    ("Observation?status=preliminary", ""),
    ("Observation?device=d1&patient=p2", "other"),
    ("Observation?device=Device/d1&patient=p2", "other"),
    ("Observation?identifier=urn:test|s0", "s0"),
    ("Observation?_id=s0,hr1,nobody&_sort=_id", "hr1 s0"),
    ("Observation?_id=s0&_id=hr1", ""),
    ("Observation?patient=p1&code=8867-4&date=ge2026-03-01T12:03:00Z", "hr4 hr3"),
    ("Observation?patient=p1&code=8867-4&date=gt2026-03-01T12:03:00Z", "hr4"),
    ("Observation?patient=p1&code=8867-4&date=lt2026-03-01T12:01:00Z", "hr0"),
    ("Observation?patient=p1&code=8867-4&date=le2026-03-01T13:01:00+01:00", "hr1 hr0"),
    ("Observation?patient=p1&date=2026-03-01T12:01Z&_sort=date", "hr1 s1"),
    ("Observation?patient=p1&date=sa2026-03-01T12:03Z", "hr4"),
    ("Observation?patient=p1&date=eb2026-03-01T12:01Z", "s0 hr0"),
    ("Observation?date=2026-03&code=131328", "s1 s0"),
    ("Observation?date=ne2026-03", ""),
    ("Observation?date=2025", ""),
    ("Observation?date=ap2026-03-01&code=131328", "s1 s0"),
    ("Observation?_lastUpdated=gt2020&code=131328", "s1 s0"),
    ("Observation?_lastUpdated=lt2020", ""),
    ("Observation?code=131328&_sort=date", "s0 s1"),
    ("Observation?code=131328&_sort=_lastUpdated,-_id", "s1 s0"),
    ("Observation?code=131328&_sort=-_lastUpdated,date", "s0 s1"),
    ("Patient?identifier=urn:oid:1.2.36.146|MRN-p2", "p2"),
    ("Patient?identifier=MRN-p1", "p1"),
    ("Patient?name=ays", "p1"),
    ("Patient?name=ay%C5%9F", "p1"),
    ("Patient?family=%C3%96ZT", "p1"),
    ("Patient?name=jane doe", "p2"),
    ("Patient?birthdate=1970", "p1"),
    ("Patient?birthdate=lt1970", ""),
    ("Patient?_sort=-birthdate", "p1 p2"),
    ("Flag?patient=p1&status=active", "f1"),
    ("Flag?status=http://hl7.org/fhir/flag-status|inactive", "f2"),
    ("Flag?date=ge2026-02-15", "f1"),
    ("Flag?patient=p1&date=2026-02-01", "f2"),
    ("Flag?date=gt2030", "f1"),
    ("Device", ""),
    ("DiagnosticReport?_format=json", ""),
]
REFUSED = [
    "unicorn=1",
    "code:above=heart",
    "code:missing=perhaps",
    "code:in=http://elsewhere.test/ValueSet/x",
    "date:exact=2026",
    "patient:Device=1",
    "patient=Patient/p1/_history/2",
    "code.text=1",
    "subject.unicorn=1",
    "subject:Flag.code=1",
    "subject:Patient.birthdate=never",
    "_has:Observation=1",
    "_has:Unicorn:patient:code=1",
    "_has:Observation:code:code=1",
    "_has:Observation:patient:code=1",
    "device.patient.link.link.link=1",
    "_id:exact=1",
    "code=",
    "code=a,,b",
    "code=|",
    "code=a|b|c",
    "date=yesterday",
    "date=2026-13",
    "date=2026-02-30",
    "date=xx2026",
    "date=2026-03-01T25:00:00Z",
    "_lastUpdated=",
    "patient=http://elsewhere.test/fhir/Patient/p1",
    "patient=a/b/c",
    "_id=a b",
    "_count=-1",
    "_count=many",
    "_count=1&_count=2",
    "_sort=combo-code",
    "_sort=status",
    "_sort=" + ",".join(f"code{n}" for n in range(9)),
    "_sort=date,-date",
    "_sort=",
    "_total=perhaps",
    "_summary=perhaps",
    "_summary=true&_elements=code",
    "_summary=text&_include=Observation:subject",
    "_elements=unicorn",
    "_elements=code,",
    "_pretty=perhaps",
    "_include=Observation:code",
    "_include=Observation:subject:Flag",
    "_include=Flag:subject",
    "_include=Unicorn:subject",
    "_include=subject",
    "_include=*",
    "_revinclude=Observation:device",
    "_revinclude=Observation",
    "_include:shallow=Observation:subject",
    "_cursor=AAAA",
    "_cursor=%C3%A9",
    "code=%00",
    "&".join(f"code={n}" for n in range(70)),
    "code=" + ",".join("x" for n in range(300)),
]


async def test_search(client: Client) -> None:
    """One test for all: they only read."""
    found = {query: " ".join(await client.ids(query)) for query, _ in FOUND}
    assert found == dict(FOUND)


async def test_what_cannot_be_understood_is_refused(client: Client) -> None:
    for query in REFUSED:
        await client.get(f"Observation?{query}", 400)


async def test_lenient_ignores_the_unknown_and_says_so(client: Client) -> None:
    headers = {"Prefer": "return=minimal, handling=lenient"}
    answer = await client.get("Observation?patient=p2&unicorn=1", headers=headers)
    bundle = answer.json()
    assert ids(bundle) == ["other"]
    remark = bundle["entry"][-1]
    assert remark["search"]["mode"] == "outcome"
    assert "unicorn" in remark["resource"]["issue"][0]["diagnostics"]
    assert link(bundle, "self") == f"{BASE}/Observation?patient=p2"
    await client.get("Observation?date=never", 400, headers=headers)
    await client.get("Observation?code:unicorn=x", 400, headers=headers)


async def test_count_and_total(client: Client) -> None:
    for query in ("_count=0", "_summary=count"):
        bundle = (await client.get(f"Observation?patient=p1&code=8867-4&{query}")).json()
        assert bundle["total"] == 5
        assert "entry" not in bundle
    bundle = (await client.get("Observation?patient=p1&_total=accurate&_count=1")).json()
    assert bundle["total"] == 7
    assert len(bundle["entry"]) == 1
    assert "total" not in (await client.get("Observation")).json()
    bundle = (await client.get("Observation?_count=100000")).json()
    assert link(bundle, "self") == f"{BASE}/Observation?_count=200"


async def test_entries_and_links_are_absolute(client: Client) -> None:
    bundle = (await client.get("Observation?patient=p1&_count=1")).json()
    assert bundle["entry"][0]["fullUrl"] == f"{BASE}/Observation/hr4"
    assert link(bundle, "self") == f"{BASE}/Observation?patient=p1&_count=1"
    assert str(link(bundle, "next")).startswith(f"{BASE}/Observation?patient=p1&_count=1&_cursor=")


async def test_post_is_the_same_search(client: Client) -> None:
    url = f"{BASE}/Observation/_search"
    answer = await client.send("POST", url, 200, data={"patient": "p1", "code": "8867-4"})
    assert ids(answer.json()) == ["hr4", "hr3", "hr2", "hr1", "hr0"]
    answer = await client.send("POST", url + "?_count=1", 200, data={"patient": "p1"})
    assert len(await client.ids(str(link(answer.json(), "next")))) == 1
    await client.send("POST", url, 415, json={"patient": "p1"})
    await client.send("POST", url, 415, content=b"patient=p1")
    await client.send("POST", f"{url}?patient=p1", 200)
    await client.send("POST", url, 413, content=b"code=" + b"x" * 70_000, headers=FORM)
    await client.send("POST", url, 400, content=b"code=%ff%fe&foo", headers=FORM)


async def test_other_forms_are_refused(client: Client) -> None:
    await client.get("Observation?_format=text/csv", 406)
    await client.get("Observation", 406, headers={"Accept": "text/turtle"})
