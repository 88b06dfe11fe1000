"""What the resources of a type were at one moment, by keys, in the order of their ids.

The moment is a stamp of the FHIR clock (``resources.latest_stamp``): nothing becomes visible
later with that stamp or an earlier one, and superseded versions are kept. So a snapshot can be
walked in many short transactions, by any number of processes, and comes out the same.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import text

from store.database import Transaction
from store.resources import Document, document


@dataclass(frozen=True, slots=True)
class Key:
    """One version, and whose data it is."""

    id: str
    version: int
    patient_id: str | None


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The resources of ``type`` at ``as_of``, if they changed after ``since``.

    ``patients`` are the ids of those whose data are wanted, None for everybody's and nobody's;
    ``in_compartment`` leaves out what is nobody's.
    """

    type: str
    as_of: datetime
    since: datetime | None = None
    patients: tuple[str, ...] | None = None
    in_compartment: bool = False


# What is newer than the moment is looked up among the superseded versions; the rest is not.
_AT = (
    " FROM resource r LEFT JOIN LATERAL (SELECT * FROM resource_version v"
    "  WHERE r.last_updated > :as_of AND v.type = r.type AND v.id = r.id"
    "  AND v.last_updated <= :as_of ORDER BY v.version DESC LIMIT 1) old ON true"
)
_WHERE = (
    " WHERE r.type = :type AND r.id > :after"
    " AND (r.last_updated <= :as_of OR old.version IS NOT NULL)"
)
_ALIVE = (
    "SELECT r.id, coalesce(old.version, r.version) AS version,"
    " CASE WHEN r.last_updated > :as_of THEN old.patient_id ELSE r.patient_id END AS patient_id"
    + _AT
    + _WHERE
    + " AND NOT coalesce(old.deleted, r.deleted)"
)
# A deletion belongs to whom the version before it belonged to.
_BEFORE = (
    " CROSS JOIN LATERAL (SELECT patient_id FROM resource_version b"
    "  WHERE b.type = r.type AND b.id = r.id AND b.version < coalesce(old.version, r.version)"
    "  ORDER BY b.version DESC LIMIT 1) before"
)
_DEAD = (
    "SELECT r.id, coalesce(old.version, r.version) AS version, before.patient_id"
    + _AT
    + _BEFORE
    + _WHERE
    + " AND coalesce(old.deleted, r.deleted)"
)
_SINCE = " AND r.last_updated > :since AND (old.version IS NULL OR old.last_updated > :since)"
# It follows from what is asked of the snapshot, and lets two indexes lead to few rows.
_NEAR = " AND (r.patient_id = ANY(CAST(:patients AS text[])) OR r.last_updated > :as_of)"
_THEIRS = "patient_id = ANY(CAST(:patients AS text[]))"
_ANYBODYS = "patient_id IS NOT NULL"
_DOCUMENTS = text(
    "SELECT f.* FROM unnest(CAST(:ids AS text[]), CAST(:versions AS bigint[]))"
    " WITH ORDINALITY AS wanted (id, version, place) CROSS JOIN LATERAL ("
    " (SELECT type, id, version, last_updated, deleted, body, render, patient_id FROM resource"
    "  WHERE type = :type AND id = wanted.id AND version = wanted.version LIMIT 1)"
    " UNION ALL (SELECT type, id, version, last_updated, deleted, body, render, patient_id"
    "  FROM resource_version"
    "  WHERE type = :type AND id = wanted.id AND version = wanted.version LIMIT 1)"
    " LIMIT 1) AS f ORDER BY wanted.place"
)


async def alive(tx: Transaction, snapshot: Snapshot, after: str, count: int) -> list[Key]:
    """Up to ``count`` resources that there were, with ids beyond ``after``, in order."""
    return await _keys(tx, _ALIVE, snapshot, after, count)


async def deleted(tx: Transaction, snapshot: Snapshot, after: str, count: int) -> list[Key]:
    """Up to ``count`` resources that had been deleted, with ids beyond ``after``, in order."""
    return await _keys(tx, _DEAD, snapshot, after, count)


async def documents(
    tx: Transaction, type_: str, ids: Sequence[str], versions: Sequence[int]
) -> list[Document]:
    """These versions, in this order."""
    wanted = {"type": type_, "ids": list(ids), "versions": list(versions)}
    return [document(row) for row in await tx.execute(_DOCUMENTS, wanted)]


async def _keys(
    tx: Transaction, keys: str, snapshot: Snapshot, after: str, count: int
) -> list[Key]:
    wanted: dict[str, Any] = {
        "type": snapshot.type,
        "as_of": snapshot.as_of,
        "after": after,
        "count": count,
    }
    if snapshot.since is not None:
        keys, wanted["since"] = keys + _SINCE, snapshot.since
    if snapshot.patients is not None:
        keys += _NEAR if keys.startswith(_ALIVE) else ""
        keys, wanted["patients"] = _only(keys, _THEIRS), list(snapshot.patients)
    elif snapshot.in_compartment:
        keys = _only(keys, _ANYBODYS)
    statement = text(keys + " ORDER BY id LIMIT :count")
    return [Key(*row) for row in await tx.execute(statement, wanted)]


def _only(keys: str, whose: str) -> str:
    return f"SELECT * FROM ({keys}) AS keys WHERE {whose}"  # noqa: S608 (ours)
