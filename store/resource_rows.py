"""The rows behind ``store.resources``: clock, current versions, and history, in batches."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from store import index_rows
from store.index import Index
from store.index_rows import Indexed


@dataclass(frozen=True, slots=True)
class Current:
    """What must be known of a current version to write the next.

    ``evidence`` is the service's own; ``clinical`` names the elements that clients have set in it;
    ``patient_id`` is whose it is.
    """

    version: int
    last_updated: datetime
    deleted: bool
    digest: bytes
    body: bytes
    render: dict[str, Any] | None
    evidence: bool
    clinical: tuple[str, ...]
    patient_id: str | None


@dataclass(frozen=True, slots=True)
class Version:
    """A version to be written."""

    type: str
    id: str
    version: int
    last_updated: datetime
    deleted: bool
    digest: bytes
    body: bytes
    render: dict[str, Any] | None
    evidence: bool
    clinical: tuple[str, ...]
    index: Index


_LOCK = text(
    "INSERT INTO fhir_clock (id, stamp)"
    " VALUES (true, date_trunc('milliseconds', clock_timestamp()))"
    " ON CONFLICT (id) DO UPDATE SET stamp = fhir_clock.stamp"
)
_TICK = text(
    "INSERT INTO fhir_clock (id, stamp)"
    " VALUES (true, date_trunc('milliseconds', clock_timestamp()))"
    " ON CONFLICT (id) DO UPDATE SET stamp = greatest("
    "   date_trunc('milliseconds', clock_timestamp()),"
    "   fhir_clock.stamp + interval '1 millisecond')"
    " RETURNING stamp"
)
# LIMIT and OFFSET keep the planner to one index look-up per key: these tables grow fast, and a
# plan made while they were small would read them whole until they are next analysed.
_CURRENT = text(
    "SELECT r.type, r.id, r.version, r.last_updated, r.deleted, r.digest, r.body, r.render,"
    " r.evidence, r.clinical, r.patient_id"
    " FROM unnest(CAST(:types AS text[]), CAST(:ids AS text[])) AS wanted (type, id)"
    " CROSS JOIN LATERAL (SELECT * FROM resource"
    "   WHERE type = wanted.type AND id = wanted.id LIMIT 1) AS r"
)
_ARCHIVE = text(
    "INSERT INTO resource_version"
    " (type, id, version, last_updated, patient_id, deleted, body, render)"
    " SELECT r.type, r.id, r.version, r.last_updated, r.patient_id, r.deleted, r.body, r.render"
    " FROM unnest(CAST(:types AS text[]), CAST(:ids AS text[])) AS wanted (type, id)"
    " CROSS JOIN LATERAL (SELECT * FROM resource"
    "   WHERE type = wanted.type AND id = wanted.id LIMIT 1) AS r"
)
_WRITE = text(
    "INSERT INTO resource (type, id, version, last_updated, patient_id, at, until, deleted,"
    " digest, body, render, evidence, clinical, filters)"
    " SELECT type, id, version, :stamp, patient_id, at, until, deleted, digest, body, render,"
    " evidence, string_to_array(clinical, ' '), CAST(filters AS bigint[])"
    " FROM unnest(CAST(:types AS text[]), CAST(:ids AS text[]), CAST(:versions AS bigint[]),"
    " CAST(:patients AS text[]), CAST(:at AS timestamptz[]), CAST(:until AS timestamptz[]),"
    " CAST(:deleted AS boolean[]), CAST(:digests AS bytea[]), CAST(:bodies AS bytea[]),"
    " CAST(:renders AS jsonb[]), CAST(:evidence AS boolean[]), CAST(:clinical AS text[]),"
    " CAST(:filters AS text[]))"
    " AS new (type, id, version, patient_id, at, until, deleted, digest, body, render, evidence,"
    " clinical, filters)"
    " ON CONFLICT (type, id) DO UPDATE SET version = excluded.version,"
    " last_updated = excluded.last_updated, patient_id = excluded.patient_id, at = excluded.at,"
    " until = excluded.until, deleted = excluded.deleted, digest = excluded.digest,"
    " body = excluded.body, render = excluded.render, evidence = excluded.evidence,"
    " clinical = excluded.clinical, filters = excluded.filters"
)


async def lock(tx: AsyncConnection) -> None:
    """Lock the clock's row until the transaction ends; it stands still."""
    await tx.execute(_LOCK)


async def tick(tx: AsyncConnection) -> datetime:
    """The next stamp, in milliseconds; its row stays locked until the transaction ends."""
    return (await tx.execute(_TICK)).scalar_one()  # type: ignore[no-any-return]


async def current(
    tx: AsyncConnection, keys: Sequence[tuple[str, str]]
) -> dict[tuple[str, str], Current]:
    """The current versions of those of ``keys`` that exist."""
    rows = await tx.execute(_CURRENT, _columns(keys))
    return {
        (row.type, row.id): Current(
            row.version,
            row.last_updated,
            row.deleted,
            bytes(row.digest),
            bytes(row.body),
            row.render,
            row.evidence,
            tuple(row.clinical),
            row.patient_id,
        )
        for row in rows
    }


async def write(tx: AsyncConnection, versions: Sequence[Version]) -> None:
    """Move the superseded versions to the history, then put these and their index in place."""
    if not versions:
        return
    superseded = [(v.type, v.id) for v in versions if v.version > 1]
    if superseded:
        await tx.execute(_ARCHIVE, _columns(superseded))
        await index_rows.remove(tx, superseded)
    await tx.execute(_WRITE, _resource_columns(versions))
    found = [Indexed(v.type, v.id, v.index) for v in versions if not v.deleted]
    await index_rows.add(tx, found)


def _columns(keys: Sequence[tuple[str, str]]) -> dict[str, list[str]]:
    return {"types": [kind for kind, _ in keys], "ids": [name for _, name in keys]}


def _resource_columns(versions: Sequence[Version]) -> dict[str, Any]:
    return {
        "stamp": versions[0].last_updated,
        "types": [v.type for v in versions],
        "ids": [v.id for v in versions],
        "versions": [v.version for v in versions],
        "patients": [v.index.patient_id for v in versions],
        "at": [v.index.at for v in versions],
        "until": [v.index.until for v in versions],
        "deleted": [v.deleted for v in versions],
        "digests": [v.digest for v in versions],
        "bodies": [v.body for v in versions],
        "renders": [
            None if v.render is None else orjson.dumps(v.render).decode() for v in versions
        ],
        "evidence": [v.evidence for v in versions],
        "clinical": [" ".join(v.clinical) for v in versions],
        "filters": [index_rows.filters(v.index) for v in versions],
    }
