"""Versions of resources, the newest first: of one resource, of a type, of several types.

Every version stands in exactly one of two tables whenever it is looked at, and keeps its
stamp when it moves. What is written meanwhile is newer than every page: no version comes twice
and none is missed (https://hl7.org/fhir/R4/http.html#history).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from store.resources import Document, document

Place = tuple[datetime, str, str, int]
"""Where a version stands in the order: its stamp, type, id and number."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Versions of these ``types``, and of ``id`` alone if it is given.

    They were written at ``since`` or later, and were current at some time from ``low`` to
    ``high`` (excluded). ``after`` is the place of the last version already seen. Of the types
    ``narrowed``, which are none of the others, only versions of ``patients`` (ids).
    """

    types: Sequence[str]
    id: str | None = None
    since: datetime | None = None
    low: datetime | None = None
    high: datetime | None = None
    after: Place | None = None
    narrowed: Sequence[str] = ()
    patients: Sequence[str] = ()


def place(version: Document) -> Place:
    """Where a version stands in the order."""
    return version.last_updated, version.type, version.id, version.version


_COLUMNS = "type, id, version, last_updated, deleted, body, render, patient_id"
_ORDER = "ORDER BY last_updated DESC, type DESC, id DESC, version DESC LIMIT :count"
_CONDITIONS = (
    ("since", "v.last_updated >= :since"),
    ("high", "v.last_updated < :high"),
    ("id", "v.id = :id"),
    (
        "after",
        "v.last_updated <= :stamp AND (v.last_updated, v.type, v.id, v.version)"
        " < (:stamp, :last_type, :last_id, :last_version)",
    ),
)
# The next version is the current one, or stands in the history too; LIMIT and OFFSET keep the
# planner to one index look-up for each.
_SUPERSEDED_AFTER = (
    "coalesce((SELECT n.last_updated FROM resource_version n"
    " WHERE n.type = v.type AND n.id = v.id AND n.version = v.version + 1 LIMIT 1),"
    " (SELECT c.last_updated FROM resource c WHERE c.type = v.type AND c.id = v.id LIMIT 1))"
    " > :low"
)


_THEIRS = "v.patient_id = ANY (CAST(:patients AS text[]))"


async def versions(tx: AsyncConnection, wanted: Wanted, count: int) -> list[Document]:
    """Up to ``count`` versions after ``wanted.after``, deletions among them."""
    values: dict[str, Any] = {"types": list(wanted.types), "count": count}
    values |= {"narrowed": list(wanted.narrowed), "patients": list(wanted.patients)}
    values |= {name: getattr(wanted, name) for name in ("since", "low", "high", "id")}
    if wanted.after is not None:
        names = ("stamp", "last_type", "last_id", "last_version")
        values |= dict(zip(names, wanted.after, strict=True))
    statement = text(_statement(wanted))
    used = {name: value for name, value in values.items() if f":{name}" in str(statement)}
    return [document(row) for row in await tx.execute(statement, used)]


def _statement(wanted: Wanted) -> str:
    conditions = [sql for name, sql in _CONDITIONS if getattr(wanted, name) is not None]
    superseded = [] if wanted.low is None else [_SUPERSEDED_AFTER]
    parts = (("resource", conditions), ("resource_version", conditions + superseded))
    groups: list[tuple[str, list[str]]] = [("types", [])] if wanted.types else []
    groups += [("narrowed", [_THEIRS])] if wanted.narrowed else []
    union = " UNION ALL ".join(
        _newest(table, types, [*own, *whose], wanted.id)
        for table, own in parts
        for types, whose in groups
    )
    return f"SELECT {_COLUMNS} FROM ({union}) AS every {_ORDER}"  # noqa: S608 (names of ours)


def _newest(table: str, types: str, conditions: Sequence[str], id_: str | None) -> str:
    """The newest versions of each of ``types`` from one table, each along a range of an index."""
    own = " AND ".join(["v.type = wanted.type", *conditions])
    order = "v.last_updated DESC, v.id DESC" if id_ is None else "v.version DESC"
    return (
        f"SELECT found.* FROM unnest(CAST(:{types} AS text[])) AS wanted (type)"  # noqa: S608
        f" CROSS JOIN LATERAL (SELECT {_COLUMNS} FROM {table} AS v WHERE {own}"
        f" ORDER BY {order} LIMIT :count) AS found"
    )
