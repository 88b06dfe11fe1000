"""What Subscriptions are told of: numbered from 1 without gaps, kept for some days."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import CursorResult, text
from sqlalchemy.ext.asyncio import AsyncConnection

from store.resources import Document, document


class Trigger(StrEnum):
    """What was done to the resource."""

    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"


@dataclass(frozen=True, slots=True)
class Happened:
    """A version of a resource that a Subscription is to be told of."""

    type: str
    id: str
    version: int
    trigger: Trigger
    patient_id: str | None
    stamp: datetime


@dataclass(frozen=True, slots=True)
class Event:
    """One numbered event; ``stamp`` is when its version was written."""

    number: int
    type: str
    id: str
    version: int
    trigger: Trigger
    patient_id: str | None
    stamp: datetime

    @property
    def key(self) -> tuple[str, str, int]:
        """Which version of which resource."""
        return self.type, self.id, self.version


_COUNT = text(
    "UPDATE subscription SET events = events + :added WHERE id = :id"
    " RETURNING events - :added AS before"
)
_LOCK = text(
    "SELECT id FROM subscription WHERE id = ANY (CAST(:ids AS text[])) ORDER BY id FOR UPDATE"
)
_APPEND = text(
    "INSERT INTO subscription_event"
    " (subscription, number, type, resource_id, version, trigger, patient_id, stamp, created_at)"
    " SELECT :id, CAST(:before AS bigint) + n, type, resource_id, version, trigger, patient_id,"
    " stamp, :now FROM unnest(CAST(:types AS text[]), CAST(:ids AS text[]),"
    " CAST(:versions AS bigint[]), CAST(:triggers AS text[]), CAST(:patients AS text[]),"
    " CAST(:stamps AS timestamptz[])) WITH ORDINALITY"
    " AS new (type, resource_id, version, trigger, patient_id, stamp, n)"
)
_READ = text(
    "SELECT number, type, resource_id, version, trigger, patient_id, stamp"
    " FROM subscription_event WHERE subscription = :id AND number >= :first AND number <= :last"
    " ORDER BY number LIMIT :count"
)
_OLDEST = text("SELECT min(number) FROM subscription_event WHERE subscription = :id")
_PRUNE = text(
    "DELETE FROM subscription_event WHERE ctid = ANY (ARRAY (SELECT ctid FROM subscription_event"
    " WHERE created_at < :before ORDER BY created_at LIMIT :count))"
)
# LIMIT keeps the planner to one index look-up per key (see store.resource_rows).
_CONTENTS = text(
    "SELECT v.* FROM unnest(CAST(:types AS text[]), CAST(:ids AS text[]),"
    " CAST(:versions AS bigint[])) AS wanted (type, id, version) CROSS JOIN LATERAL ("
    " (SELECT type, id, version, last_updated, deleted, body, render, patient_id FROM resource"
    "  WHERE type = wanted.type AND id = wanted.id AND version = wanted.version LIMIT 1)"
    " UNION ALL"
    " (SELECT type, id, version, last_updated, deleted, body, render, patient_id"
    "  FROM resource_version WHERE type = wanted.type AND id = wanted.id"
    "  AND version = wanted.version LIMIT 1) LIMIT 1) AS v"
)
LAST = 2**63 - 1


async def append(
    tx: AsyncConnection, found: Mapping[str, Sequence[Happened]], now: datetime
) -> list[str]:
    """Give each Subscription (id) its next events, in their order; the ids that there still are.

    Numbers follow on without gaps: the counter's row stays locked until this transaction ends.
    """
    ids = sorted(id_ for id_, happened in found.items() if happened)
    there = list((await tx.execute(_LOCK, {"ids": ids})).scalars())
    for id_ in there:
        added = {"id": id_, "added": len(found[id_])}
        before = (await tx.execute(_COUNT, added)).scalar_one()
        await tx.execute(_APPEND, _rows(id_, before, found[id_], now))
    return there


def _rows(id_: str, before: int, happened: Sequence[Happened], now: datetime) -> dict[str, Any]:
    return {
        "id": id_,
        "before": before,
        "now": now,
        "types": [one.type for one in happened],
        "ids": [one.id for one in happened],
        "versions": [one.version for one in happened],
        "triggers": [one.trigger.value for one in happened],
        "patients": [one.patient_id for one in happened],
        "stamps": [one.stamp for one in happened],
    }


async def read(
    tx: AsyncConnection, id_: str, first: int, last: int = LAST, count: int = 100
) -> list[Event]:
    """Up to ``count`` of a Subscription's events from ``first`` to ``last``, both included."""
    wanted = {"id": id_, "first": first, "last": last, "count": count}
    return [
        Event(
            row.number,
            row.type,
            row.resource_id,
            row.version,
            Trigger(row.trigger),
            row.patient_id,
            row.stamp,
        )
        for row in await tx.execute(_READ, wanted)
    ]


async def oldest(tx: AsyncConnection, id_: str) -> int | None:
    """The lowest number that is still kept; None if there is none."""
    return (await tx.execute(_OLDEST, {"id": id_})).scalar_one_or_none()


async def contents(
    tx: AsyncConnection, events: Sequence[Event]
) -> dict[tuple[str, str, int], Document]:
    """The versions that events tell of, by type, id and version; deletions among them."""
    wanted = {
        "types": [event.type for event in events],
        "ids": [event.id for event in events],
        "versions": [event.version for event in events],
    }
    found = [document(row) for row in await tx.execute(_CONTENTS, wanted)]
    return {(one.type, one.id, one.version): one for one in found}


async def prune(tx: AsyncConnection, before: datetime, count: int) -> int:
    """Forget up to ``count`` events that were made before that time; how many there were."""
    result: CursorResult[tuple[()]] = await tx.execute(_PRUNE, {"before": before, "count": count})
    return result.rowcount
