"""Plans of all searches that US Core asks of our types: none reads a whole table.

Source: https://hl7.org/fhir/us/core/STU6.1/CapabilityStatement-us-core-server.html
"""

import json
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import event, text
from sqlalchemy.ext.asyncio import AsyncConnection

from fhir.codes import PER_MINUTE
from fhir.search.indexing import draft
from fhir.search.registry import TYPES
from fhir.search.request import Limits, parse
from fhir.values import Json, instant, quantity, reference
from store import search
from store.criteria import Clause, PatientClause
from store.database import Database
from store.index import key
from store.resources import put_many
from store.search_links import hashed
from store.search_scope import Binds, patients

START = datetime(2026, 1, 1, tzinfo=UTC)
TABLES = {"resource", "resource_token", "resource_range", "resource_quantity"}


def _concept(code: str) -> Json:
    return {"coding": [{"system": "s", "code": code}]}


def _common(type_: str, n: int) -> Json:
    at = START + timedelta(minutes=n)
    return {
        "resourceType": type_,
        "id": f"{type_.lower()}{n}",
        "identifier": [{"system": "urn:i", "value": str(n)}],
        "subject": reference("Patient", f"p{n % 200}"),
        "patient": reference("Patient", f"p{n % 200}"),
        "status": ("active", "inactive")[n % 2],
        "code": _concept(f"c{n % 4}"),
        "category": [_concept(f"k{n % 3}")],
        "type": [_concept("t")] if type_ == "Encounter" else _concept("t"),
        "class": {"system": "s", "code": "AMB"},
        "effectiveDateTime": instant(at),
        "authoredOn": instant(at),
        "date": instant(at),
        "period": {"start": instant(at)},
        "context": {"period": {"start": instant(at), "end": instant(at)}},
        "name": [{"family": f"Family{n}", "given": [f"Given{n}"]}],
        "gender": ("male", "female")[n % 2],
        "birthDate": f"{1930 + n % 90}-01-01",
        "address": [{"city": f"City{n}", "postalCode": str(n), "state": "X"}],
        "specialty": [_concept(f"s{n % 50}")],
        "practitioner": reference("Practitioner", f"practitioner{n}"),
        "valueQuantity": quantity(n % 100, PER_MINUTE, 0),
        "participant": [{"role": [_concept(f"r{n % 5}")]}],
    }


def _body(type_: str, n: int) -> Json:
    body = _common(type_, n)
    if type_ in ("Organization", "Location"):
        body["name"] = f"Place {n}"
    if type_ == "Goal":
        body |= {"lifecycleStatus": body.pop("status"), "startDate": body["date"][:10]}
        body["target"] = [{"dueDate": body["date"][:10]}]
    if type_ == "Location":
        body["address"] = body["address"][0]
    return body


FEW = [
    "Patient", "Practitioner", "PractitionerRole", "Organization", "Location", "CareTeam",
    "Device", "ServiceRequest", "DocumentReference", "DiagnosticReport", "Encounter",
    "Goal",
]  # fmt: skip
_FILL = [
    # Thirty of each are made by hand; as many copies as a hospital has of them follow.
    "INSERT INTO resource (type, id, version, last_updated, patient_id, at, until, digest, body,"
    " filters) SELECT r.type, r.id || '-' || n, 1, r.last_updated + n * interval '1 s',"
    " CASE r.type WHEN 'Patient' THEN r.id || '-' || n"
    " ELSE 'p' || (n * 7 + length(r.id)) % 200 END,"
    " r.at + n * interval '1 h', r.until + n * interval '1 h', '', '{}', r.filters"
    " FROM resource r, generate_series(1, "
    " CASE r.type WHEN 'Observation' THEN 1000 ELSE 60 END) n",
    "INSERT INTO resource_token (type, id, param, code, systems, patient_id, at, until)"
    " SELECT c.type, c.id, t.param, CASE WHEN t.param IN"
    " ('identifier', 'name', 'family', 'given', 'address', 'address-city', 'address-postalcode')"
    " THEN t.code || '-' || split_part(c.id, '-', 2) ELSE t.code END,"
    " t.systems, c.patient_id, c.at, c.until"
    " FROM resource c JOIN resource_token t"
    " ON t.type = c.type AND t.id = split_part(c.id, '-', 1) WHERE c.id LIKE '%-%'",
    "INSERT INTO resource_range SELECT c.type, c.id, t.param, t.number,"
    " t.low + (c.at - o.at), t.high + (c.at - o.at) FROM resource c"
    " JOIN resource o ON o.type = c.type AND o.id = split_part(c.id, '-', 1)"
    " JOIN resource_range t ON t.type = o.type AND t.id = o.id WHERE c.id LIKE '%-%'",
    "INSERT INTO resource_quantity SELECT c.type, c.id, t.param, t.number, t.system, t.code,"
    " t.unit, t.low, t.high, c.patient_id FROM resource c JOIN resource_quantity t"
    " ON t.type = c.type AND t.id = split_part(c.id, '-', 1) WHERE c.id LIKE '%-%'",
    *(f"ANALYZE {table}" for table in sorted(TABLES)),
]

US_CORE = [
    "Observation?patient=p7",
    "Observation?patient=p7&code=c1",
    "Observation?patient=p7&code=s|c1,s|c2",
    "Observation?patient=p7&category=k1",
    "Observation?patient=p7&category=s|k1&date={date}",
    "Observation?patient=p7&category=k1&status=active",
    "Observation?patient=p7&code=c1&date={date}",
    "Observation?patient=p7&_lastUpdated=gt2030",
    "Observation?patient=p7&code=c1&value-quantity=gt98",
    "Observation?patient.identifier=urn:i|7&code=c1",
    "Observation?identifier=urn:i|7",
    "Observation?_id=observation7",
    "DiagnosticReport?patient=p7&category=k1",
    "DiagnosticReport?patient=p7&category=k1&date={date}",
    "DiagnosticReport?patient=p7&code=c1",
    "DiagnosticReport?patient=p7&code=c1&date={date}",
    "DiagnosticReport?patient=p7&status=active",
    "Encounter?patient=p7",
    "Encounter?patient=p7&date={date}",
    "Encounter?patient=p7&class=AMB",
    "Encounter?patient=p7&type=t",
    "Encounter?patient=p7&status=active",
    "Encounter?identifier=7",
    "Patient?_id=patient7",
    "Patient?identifier=urn:i|7",
    "Patient?name=given7",
    "Patient?birthdate=1950-01-01&name=family7",
    "Patient?gender=female&name=family7",
    "Patient?birthdate=1950-01-01&family=family7",
    "Patient?family=family7&gender=male",
    "Practitioner?name=family7",
    "Practitioner?identifier=urn:i|7",
    "PractitionerRole?specialty=s|s7",
    "PractitionerRole?practitioner=practitioner7",
    "PractitionerRole?practitioner.identifier=urn:i|7",
    "Organization?name=place 7",
    "Organization?address=city7",
    "Location?name=place 7",
    "Location?address=city7",
    "Location?address-city=city7",
    "Location?address-postalcode=7",
    "CareTeam?patient=p7&status=active",
    "CareTeam?patient=p7&role=r1",
    "Device?patient=p7&type=t",
    "Device?patient=p7&status=active",
    "Goal?patient=p7&lifecycle-status=active",
    "Goal?patient=p7&category=k1",
    "Goal?patient=p7&target-date={date}",
    "ServiceRequest?patient=p7",
    "ServiceRequest?patient=p7&category=k1",
    "ServiceRequest?patient=p7&category=k1&authored={date}",
    "ServiceRequest?patient=p7&code=c1",
    "ServiceRequest?patient=p7&code=c1&authored={date}",
    "ServiceRequest?patient=p7&status=active",
    "ServiceRequest?_id=servicerequest7",
    "DocumentReference?patient=p7",
    "DocumentReference?patient=p7&category=k1",
    "DocumentReference?patient=p7&category=k1&date={date}",
    "DocumentReference?patient=p7&type=t",
    "DocumentReference?patient=p7&type=t&period={date}",
    "DocumentReference?patient=p7&status=current",
]
PREFIXES = ["", "ne", "gt", "ge", "lt", "le", "sa", "eb", "ap"]


@pytest.fixture
async def tx(database: Database) -> AsyncIterator[AsyncConnection]:
    async with database.transaction() as opened:
        bodies = [_body(type_, n) for type_ in ("Observation", *FEW) for n in range(30)]
        await put_many(opened, [draft(body) for body in bodies])
        for statement in _FILL:
            await opened.execute(text(statement))
        yield opened


async def _sent(
    tx: AsyncConnection, query: str, *more: Clause
) -> list[tuple[str, tuple[Any, ...]]]:
    """The statements that a page of 50 sends."""
    type_, _, asked = query.partition("?")
    pairs = [(name, value) for name, _, value in (p.partition("=") for p in asked.split("&"))]
    found = parse(TYPES[type_], pairs if asked else [], Limits(50, 50), "").query
    found = replace(found, clauses=(*found.clauses, *more))
    sent: list[tuple[str, tuple[Any, ...]]] = []

    def remember(_c: object, _u: object, statement: str, values: tuple[Any, ...],
                 *_: object) -> None:  # fmt: skip
        sent.append((statement, values))

    event.listen(tx.sync_connection, "before_cursor_execute", remember)
    await search.find(tx, found, 51)
    event.remove(tx.sync_connection, "before_cursor_execute", remember)
    return sent


def _nodes(plan: Any) -> Iterator[dict[str, Any]]:
    yield plan
    for child in plan.get("Plans", []):
        yield from _nodes(child)


async def test_no_search_of_us_core_reads_a_whole_table(tx: AsyncConnection) -> None:
    queries = [
        query.replace("{date}", f"{prefix}2026-01-01T12:00:00Z")
        for query in US_CORE
        for prefix in (PREFIXES if "{date}" in query else [""])
    ]
    for query in queries:
        for statement, values in await _sent(tx, query):
            rows = await tx.exec_driver_sql(f"EXPLAIN (FORMAT JSON) {statement}", values)
            plan = rows.scalar_one()
            plan = json.loads(plan) if isinstance(plan, str) else plan
            for node in _nodes(plan[0]["Plan"]):
                scanned = node["Node Type"] == "Seq Scan" and node["Relation Name"] in TABLES
                assert not scanned, f"{query}\n{statement}\n{json.dumps(plan, indent=1)}"


@pytest.mark.parametrize("of", [("p7",), ("p7", "p9", "p11")], ids=["one", "three"])
async def test_nor_does_any_of_certain_patients(tx: AsyncConnection, of: tuple[str, ...]) -> None:
    """As a client's compartment narrows it (api.grants)."""
    for query in ("Observation", "Observation?status=active", *US_CORE[:7], "Flag", "Encounter"):
        asked = query.replace("{date}", "2026-01-01T12:00:00Z")
        for statement, values in await _sent(tx, asked, PatientClause(of)):
            rows = await tx.exec_driver_sql(f"EXPLAIN (FORMAT JSON) {statement}", values)
            plan = rows.scalar_one()
            plan = json.loads(plan) if isinstance(plan, str) else plan
            for node in _nodes(plan[0]["Plan"]):
                scanned = node["Node Type"] == "Seq Scan" and node["Relation Name"] in TABLES
                assert not scanned, f"{query}\n{statement}\n{json.dumps(plan, indent=1)}"


def test_two_clauses_of_patients_are_of_those_in_both() -> None:
    one, two, other = PatientClause(("a", "b")), PatientClause(("c", "b")), PatientClause(("d",))
    assert patients([one]) == ("a", "b")
    assert patients([one, two]) == ("b",)
    assert patients([one, other]) == patients([]) == ()


async def test_a_filters_key_is_the_same_in_sql(database: Database) -> None:
    async with database.transaction() as tx:
        for param, code in (("device", "Device/d1"), ("x", ""), ("ü", "ß\\'|")):
            binds = Binds()
            statement = f"SELECT {hashed(binds.text(param), binds.text(code))}"
            rows = await tx.exec_driver_sql(statement, tuple(binds.values))
            assert rows.scalar_one() == key(param, code)
