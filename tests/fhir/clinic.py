"""A device, its wearer and a session in the database, as ingest and analysis leave them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import orjson
from sqlalchemy import text

from core.ecg import SessionKey, StripFinding
from store import devices, findings, resources, wearing
from store.criteria import Query, SortColumn, SortKey
from store.database import Database
from store.search import find
from tests.fhir.samples import DEVICE, PATIENT, READABLE, SESSION, STARTED_AT

STRIP = timedelta(seconds=READABLE.n_samples / READABLE.rate_hz)


def strips(count: int, first: int = 0) -> list[StripFinding]:
    """Successive readable strips, three beats each."""
    return [
        replace(
            READABLE,
            strip_index=number,
            first_sample=number * READABLE.n_samples,
            started_at=STARTED_AT + number * STRIP,
            beats=tuple(
                replace(beat, sample_index=beat.sample_index + (number - 3) * READABLE.n_samples)
                for beat in READABLE.beats
            ),
        )
        for number in range(first, first + count)
    ]


@dataclass(frozen=True)
class Clinic:
    """One session of one device; ``row`` is the session's."""

    database: Database
    key: SessionKey

    @property
    def row(self) -> int:
        return self.key.row

    async def analyse(self, found: Sequence[StripFinding]) -> None:
        """What the analysis worker commits."""
        async with self.database.transaction() as tx:
            await findings.upsert(tx, [(self.row, finding) for finding in found])

    async def execute(self, statement: str, **values: Any) -> None:
        async with self.database.transaction() as tx:
            await tx.execute(text(statement), values)

    async def quiet(self) -> None:
        """Let the session have been quiet for a minute."""
        for table, column in (
            ("monitoring_session", "last_received_at"),
            ("analysis_cursor", "updated_at"),
        ):
            await self.execute(f"UPDATE {table} SET {column} = now() - interval '1 minute'")  # noqa: S608

    async def end(self) -> None:
        await self.execute("UPDATE analysis_cursor SET ended = true")

    async def all(self, type_: str) -> list[dict[str, Any]]:
        """The current resources of a type, in order of time."""
        query = Query(type_, (), (SortKey(SortColumn.AT), SortKey(SortColumn.ID)))
        async with self.database.transaction() as tx:
            page = await find(tx, query, 1000)
        return [orjson.loads(found.document.body) for found in page]

    async def versions(self, type_: str, id_: str) -> list[dict[str, Any]]:
        """All versions of a resource, newest first."""
        async with self.database.transaction() as tx:
            found = await resources.history(tx, type_, id_, 100)
        return [orjson.loads(document.body) for document in found]


async def open_clinic(
    database: Database, worn_since: datetime | None = STARTED_AT, chunks: int = 8
) -> Clinic:
    """Enrol the device, put it on the patient, and let a session have begun."""
    async with database.transaction() as tx:
        await devices.hold(tx, DEVICE)
        if worn_since is not None:
            await wearing.put_on(tx, DEVICE, PATIENT, worn_since)
        row = await tx.execute(
            text(
                "INSERT INTO monitoring_session (device_id, session_id, key_epoch, chunks)"
                " VALUES (:device, :session, 1, :chunks) RETURNING id"
            ),
            {"device": DEVICE, "session": SESSION, "chunks": chunks},
        )
        key = SessionKey(row.scalar_one(), DEVICE, 1, SESSION)
        await tx.execute(
            text("INSERT INTO analysis_cursor (session) VALUES (:session)"), {"session": key.row}
        )
    return Clinic(database, key)
