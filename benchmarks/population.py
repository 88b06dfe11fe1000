"""A hospital's vital signs by the million: a few written as the service does, then multiplied.

``put_many`` writes one Observation for each patient and code. SQL copies its rows, in every
table that holds some of it, with another id and a later time. ``verify`` proves that the copies
are what ``put_many`` would have written.
"""

import math
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import orjson
from sqlalchemy import Column, DateTime, LargeBinary, Table, Text, select
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateIndex, DropIndex

from fhir.codes import LOINC, VITAL_SIGNS, Unit, concept
from fhir.search.indexing import draft
from fhir.values import Json, instant, narrative, quantity, reference
from store.database import Database, Transaction
from store.resources import Draft, put_many, read
from store.tables import resource, resource_version
from store.tables.base import metadata

FIRST = datetime(2026, 1, 1, tzinfo=UTC)
STEP = timedelta(minutes=10)
CODES = (
    *("8867-4", "9279-1", "8310-5", "59408-5", "2708-6", "8480-6", "8462-4", "8478-0"),
    *("29463-7", "8302-2", "39156-5", "9843-4", "8889-8", "76282-3", "80404-7", "8636-3"),
    *("8634-8", "8625-6", "8633-0", "20564-1"),
)
"""LOINC codes of vital signs and intervals."""
_PER_PATIENT = 3333
_SAMPLE = 20


@dataclass(frozen=True, slots=True)
class Population:
    """``copies`` later Observations for each first one of a patient and a code."""

    patients: tuple[str, ...]
    copies: int

    @property
    def count(self) -> int:
        """All Observations."""
        return len(self.patients) * len(CODES) * (self.copies + 1)

    def some_id(self, draw: random.Random) -> str:
        """The id of any Observation."""
        name = _id(draw.choice(self.patients), draw.choice(CODES))
        n = draw.randint(0, self.copies)
        return f"{name}.{n}" if n else name

    def some_time(self, draw: random.Random) -> datetime:
        """Any time with fifty Observations of each patient and code after it."""
        return FIRST + draw.randint(0, max(0, self.copies - 50)) * STEP


async def populate(database: Database, url: str, observations: int) -> Population:
    """Write so many Observations at least, twenty codes for each of some patients."""
    patients = tuple(f"p{n}" for n in range(max(2, observations // _PER_PATIENT)))
    copies = max(1, math.ceil(observations / (len(patients) * len(CODES)))) - 1
    firsts = [draft(_vital_sign(patient, code)) for patient in patients for code in CODES]
    async with database.transaction() as tx:
        for start in range(0, len(firsts), 500):
            await put_many(tx, firsts[start : start + 500])
    connection = await asyncpg.connect(url)
    try:
        await _multiply(connection, firsts, copies)
    finally:
        await connection.close()
    population = Population(patients, copies)
    async with database.transaction() as tx:
        await verify(tx, population)
        await tx.rollback()
    return population


async def verify(tx: Transaction, population: Population) -> None:
    """Raises RuntimeError unless some copies are what ``put_many`` writes.

    It writes them again: roll ``tx`` back.
    """
    draw = random.Random(11)  # noqa: S311 (a choice that repeats)
    ids = sorted({population.some_id(draw) for _ in range(_SAMPLE)})
    stored = [orjson.loads((await read(tx, "Observation", id_)).body) for id_ in ids]
    drafts = [draft(body | {"meta": _own_meta(body)}) for body in stored]
    if any(kept.changed for kept in await put_many(tx, drafts)):
        raise RuntimeError("a copy has another digest than put_many gives it")
    copied = await _rows(tx, ids)
    await put_many(tx, [Draft("Observation", id_, None) for id_ in ids])
    await put_many(tx, drafts)
    if copied != await _rows(tx, ids):
        raise RuntimeError("a copy has other rows than put_many gives it")


def _id(patient: str, code: str) -> str:
    return f"{patient}.{code}"


def _vital_sign(patient: str, code: str) -> Json:
    name = _id(patient, code)
    value = 40 + sum(name.encode()) % 100
    return {
        "resourceType": "Observation",
        "id": name,
        "meta": {"profile": ["http://hl7.org/fhir/StructureDefinition/vitalsigns"]},
        "text": narrative(f"{value} per minute, measured at the bedside"),
        "identifier": [{"system": "urn:oid:1.2.36.146.595.217.0.1", "value": name}],
        "status": "final",
        "category": [concept(VITAL_SIGNS)],
        "code": {"coding": [{"system": LOINC, "code": code}], "text": f"Vital sign {code}"},
        "subject": reference("Patient", patient),
        "effectiveDateTime": instant(FIRST),
        "issued": instant(FIRST),
        "valueQuantity": quantity(value, Unit("/min", "per minute"), 1),
        "device": reference("Device", f"monitor-{patient}"),
        "method": {"text": "Bedside monitor, averaged over ten seconds"},
    }


def _own_meta(body: Json) -> Json:
    return {k: v for k, v in body["meta"].items() if k not in ("versionId", "lastUpdated")}


def _tables() -> Iterator[Table]:
    """Where a current resource has rows."""
    for table in metadata.sorted_tables:
        if {"type", "id"} <= set(table.c.keys()) and table is not resource_version:
            yield table


async def _multiply(connection: Any, firsts: Sequence[Draft], copies: int) -> None:
    indexes = [index for table in _tables() for index in table.indexes]
    dialect = postgresql.dialect()  # type: ignore[no-untyped-call]
    for index in indexes:
        await connection.execute(str(DropIndex(index).compile(dialect=dialect)))
    await connection.execute("SET synchronous_commit = off")
    await connection.execute("CREATE TEMP TABLE canon (name text PRIMARY KEY, content text)")
    await connection.copy_records_to_table(
        "canon", records=[(d.id, _canonical(d)) for d in firsts], columns=("name", "content")
    )
    await connection.execute("ANALYZE canon")
    for table in _tables():
        await connection.execute(_copying(table, copies))
    for index in indexes:
        await connection.execute(str(CreateIndex(index).compile(dialect=dialect)))
    await connection.execute("VACUUM (ANALYZE)")


def _canonical(first: Draft) -> str:
    """What its digest is taken over."""
    return orjson.dumps([first.body, first.render], option=orjson.OPT_SORT_KEYS).decode()


def _copying(table: Table, copies: int) -> str:
    columns = list(table.columns)
    names = ", ".join(f'"{column.name}"' for column in columns)
    values = ", ".join(map(_copied, columns))
    return (  # the names are those of our own tables
        f"INSERT INTO {table.name} ({names}) SELECT {values} FROM (SELECT s.*, c.content,"  # noqa: S608
        f" s.id || '.' || n AS new_id, n * interval '{STEP.total_seconds()} s' AS later"
        f" FROM canon c JOIN {table.name} s ON s.id = c.name AND s.type = 'Observation'"
        f" CROSS JOIN generate_series(1, {copies}) n) s"
    )


def _copied(column: Column[Any]) -> str:
    name = f's."{column.name}"'
    if column.name == "id":
        return "s.new_id"
    if column.name == "digest":
        return f"sha256(convert_to({_altered('s.content')}, 'UTF8'))"
    if isinstance(column.type, LargeBinary):
        text = _altered(f"convert_from({name}, 'UTF8')")
        return f"convert_to({text}, 'UTF8')"
    if isinstance(column.type, DateTime) and column.name != "last_updated":
        return f"{name} + s.later"
    if isinstance(column.type, Text) and column.name not in ("type", "param", "patient_id"):
        return f"replace({name}, s.id, s.new_id)"
    return name


def _altered(text: str) -> str:
    """JSON with the copy's id and time."""
    first = instant(FIRST)
    form = 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'
    time = f"to_char(timestamp '{FIRST:%Y-%m-%d %H:%M:%S}' + s.later, '{form}')"
    return f"replace(replace({text}, s.id, s.new_id), '{first}', {time})"


async def _rows(tx: Transaction, ids: Sequence[str]) -> list[list[Json]]:
    """All rows of these resources, but for what differs between versions."""
    found = []
    for table in _tables():
        wanted = select(table).where(table.c.type == "Observation", table.c.id.in_(ids))
        rows = [_comparable(dict(row._mapping)) for row in await tx.execute(wanted)]
        found.append(sorted(rows, key=repr))
    return found


def _comparable(row: Json) -> Json:
    row = {k: v for k, v in row.items() if k not in ("version", "last_updated")}
    if resource.c.body.name in row:
        body = orjson.loads(row["body"])
        row["body"] = body | {"meta": _own_meta(body)}
    return row
