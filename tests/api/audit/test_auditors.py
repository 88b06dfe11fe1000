"""Reading the trail: who may, by what, in pages, and that this too is written down."""

from datetime import UTC, datetime, timedelta

import pytest

from core.audit import Entry
from fhir.access.scopes import within
from fhir.values import instant
from store import audit
from store.database import Database
from tests.api.audit.support import events, trail
from tests.api.conftest import Scoped
from tests.api.support import Client, flatten, patient, store


async def test_only_a_scope_that_names_it_opens_the_trail(
    database: Database, with_scopes: Scoped
) -> None:
    for scopes in (
        ("system/*.rs",),
        ("system/*.*",),
        ("system/*.cruds", "system/Patient.rs", "hisbundle/break-glass"),
        ("system/AuditEvent.rs?category=x",),
    ):
        client = with_scopes(*scopes)
        await client.get("AuditEvent", 403)
        await client.get("AuditEvent/1", 403, headers={"X-Break-Glass": "a good reason to"})
    await with_scopes("system/AuditEvent.s").get("AuditEvent")
    await with_scopes("system/AuditEvent.r").get("AuditEvent/1")
    assert not within("system/AuditEvent.rs", ["system/*.rs"])
    assert within("system/AuditEvent.r", ["system/AuditEvent.rs"])


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
async def test_nobody_writes_it(client: Client, method: str) -> None:
    await client.send(method, "AuditEvent/1", 405)
    if method == "POST":
        await client.send(method, "AuditEvent", 405)


async def test_reading_the_trail_is_written_down(database: Database, client: Client) -> None:
    await client.get("AuditEvent?date=ge2026")
    await client.get("AuditEvent/1")
    await client.get("AuditEvent/77", 404)
    await client.get("AuditEvent/x", 404)
    entries = await trail(database)
    assert [(e.interaction, e.type, e.status) for e in entries] == [
        ("search-type", "AuditEvent", 200),
        ("read", "AuditEvent", 200),
        ("read", "AuditEvent", 404),
        ("read", "AuditEvent", 404),
    ]


async def fill(database: Database) -> None:
    """Thirty entries in ten batches: three patients, two clients, several interactions."""
    async with database.connection() as connection:
        for batch in range(10):
            made = [
                Entry(
                    interaction=("read", "search-type", "token")[n],
                    method="GET",
                    request=b"GET /",
                    status=403 if batch == 9 else 200,
                    outcome=4 if batch == 9 else 0,
                    client=f"c{batch % 2}",
                    token=f"t{batch}",
                    patient=f"p{n}" if n < 2 else None,
                    type="Observation",
                    resource_id=f"o{batch}",
                    address=f"10.0.0.{batch}",
                )
                for n in range(3)
            ]
            await audit.append(connection, made)


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("", 30),
        ("patient=p1", 10),
        ("patient=Patient/p1,Patient/p0", 20),
        ("agent=c0", 15),
        ("altid=c1&patient=p0", 5),
        ("agent:identifier=https://hisbundle.org/fhir/sid/client|c1", 15),
        ("agent:identifier=urn:other|c1", 0),
        ("entity=Observation/o3", 3),
        ("entity=o3", 3),
        ("entity=Patient/p0", 10),
        ("type=rest", 20),
        ("type=http://dicom.nema.org/resources/ontology/DCM|110114", 10),
        ("subtype=read,ITI-71", 20),
        ("subtype=http://hl7.org/fhir/restful-interaction|read", 10),
        ("subtype=urn:other|read", 0),
        ("action=R", 10),
        ("action=E", 20),
        ("action=X", 0),
        ("outcome=4", 3),
        ("outcome=0,4", 30),
        ("address=10.0.0.1", 3),
        ("address=10.0", 30),
        ("policy=urn:ietf:params:oauth:jti:t4", 3),
        ("date=ge2026-01-01", 30),
        ("date=lt2026-01-01", 0),
        ("_lastUpdated=gt2026-01-01", 30),
        ("_id=1,2,99,x", 2),
    ],
)
async def test_what_it_is_found_by(
    database: Database, client: Client, query: str, count: int
) -> None:
    await fill(database)
    assert len(await events(client, query)) == count


@pytest.mark.parametrize(
    "query",
    [
        "unknown=1", "patient=", "date=yesterday", "_sort=patient", "_count=0", "_count=x",
        "_pretty=maybe", "patient:exact=p", "_count=1&_count=2",
        "_cursor=AAAA", "patient=%00", "_revinclude=Provenance:target",
    ],
)  # fmt: skip
async def test_what_cannot_be_asked(client: Client, query: str) -> None:
    await client.get(f"AuditEvent?{query}", 400)


async def test_in_xml_too(client: Client) -> None:
    answer = await client.get("AuditEvent?_format=xml")
    assert answer.headers["content-type"] == "application/fhir+xml; charset=utf-8"


async def test_unknown_ones_are_reported_to_the_lenient(client: Client) -> None:
    lenient = {"Prefer": "handling=lenient"}
    bundle = (await client.get("AuditEvent?unknown=1", headers=lenient)).json()
    assert "unknown" in bundle["entry"][-1]["resource"]["issue"][0]["diagnostics"]
    assert "unknown" not in bundle["link"][0]["url"]


async def test_pages_hold_every_event_once_while_more_are_written(
    database: Database, client: Client
) -> None:
    await fill(database)
    forwards = flatten(await client.pages("AuditEvent?_count=4&_sort=date&_lastUpdated=lt9998"))
    assert forwards[:30] == [str(n) for n in range(1, 31)]
    backwards = flatten(await client.pages(f"AuditEvent?_count=7&_id={','.join(forwards[:30])}"))
    assert backwards == forwards[:30][::-1]


async def test_dates_compare_with_the_time_of_the_batch(database: Database, client: Client) -> None:
    await fill(database)
    sixth = (await events(client, "_id=16"))[0]["recorded"]
    before = instant(datetime.fromisoformat(sixth) - timedelta(milliseconds=1))
    assert len(await events(client, f"date={sixth}")) == 3
    assert len(await events(client, f"date=eq{before}&_id=16")) == 0
    assert len(await events(client, f"date=lt{sixth}&patient=p0")) == 5
    assert len(await events(client, f"date=gt{sixth}&patient=p0")) == 4
    assert len(await events(client, f"date=ge{sixth}&patient=p0")) == 5
    assert len(await events(client, f"date=le{sixth}&patient=p0")) == 6
    assert len(await events(client, f"date=ne{sixth}&patient=p0")) == 9
    assert datetime.fromisoformat(sixth) < datetime.now(UTC) + timedelta(minutes=1)


async def test_one_event_is_read_and_found_by_a_form(database: Database, client: Client) -> None:
    await store(database, patient("p1"))
    await client.get("Patient/p1")
    (event,) = await events(client, "patient=p1")
    assert (await client.get(f"AuditEvent/{event['id']}")).json() == event
    form = {"patient": "p1"}
    found = (await client.send("POST", "AuditEvent/_search", 200, data=form)).json()
    assert [entry["resource"]["id"] for entry in found["entry"]] == [event["id"]]
