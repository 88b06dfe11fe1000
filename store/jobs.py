"""Jobs: orders that a client gives and fetches later, worked on a step at a time.

A worker claims a job for one transaction (FOR UPDATE SKIP LOCKED), writes one file's list of
versions and how far it came, and commits. Who dies meanwhile leaves the job where it was.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import text
from sqlalchemy.engine import Row

from core.errors import NotFound, TooBusy
from store.database import Transaction, notify
from store.snapshots import Key

CHANNEL = "job"
FAILURES_MAX = 5
Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Order:
    """What a client asks for: ``owner`` is the client's id, None for an administrator's token.

    ``request`` is the edge's own; the store only keeps it.
    """

    id: str
    owner: str | None
    scopes: tuple[str, ...]
    request: Json
    as_of: datetime


@dataclass(frozen=True, slots=True)
class Job:
    """An order and how far it has come. ``state`` is active, done or failed."""

    order: Order
    state: str
    expires_at: datetime
    stage: int
    after: str
    written: int


@dataclass(frozen=True, slots=True)
class Bounds:
    """How many jobs there may be: active ones of one owner, kept ones of one owner, and all."""

    active: int
    kept: int
    total: int


@dataclass(frozen=True, slots=True)
class PartHead:
    """A file of a job's output: ``count`` lines of one type, or of its deletions."""

    number: int
    type: str
    deletions: bool
    count: int


@dataclass(frozen=True, slots=True)
class Part:
    """Which versions a file consists of, in its order, and whose data they are."""

    type: str
    deletions: bool
    ids: tuple[str, ...]
    versions: tuple[int, ...]
    patients: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Progress:
    """One step of work: the file made of ``keys`` (none if empty), and where to go on."""

    type: str
    deletions: bool
    keys: Sequence[Key]
    stage: int
    after: str
    done: bool


_COLUMNS = "id, owner, scopes, request, as_of, state, expires_at, stage, after, written"
_ONE_AT_A_TIME = text("SELECT pg_advisory_xact_lock(hashtext('hisbundle job'))")
_COUNTS = text(
    "SELECT count(*) FILTER (WHERE state = 'active' AND owner IS NOT DISTINCT FROM :owner),"
    " count(*) FILTER (WHERE owner IS NOT DISTINCT FROM :owner), count(*)"
    " FROM job WHERE expires_at > now()"
)
_ADD = text(
    "INSERT INTO job (id, owner, scopes, request, as_of, expires_at)"
    " VALUES (:id, :owner, :scopes, CAST(:request AS jsonb), :as_of,"
    " now() + make_interval(secs => :life_s))"
)
_FIND = text(f"SELECT {_COLUMNS} FROM job WHERE id = :id AND expires_at > now()")  # noqa: S608
_CLAIM = text(
    f"SELECT {_COLUMNS} FROM job"  # noqa: S608 (ours)
    " WHERE state = 'active' AND expires_at > now()"
    " ORDER BY turned_at LIMIT 1 FOR UPDATE SKIP LOCKED"
)
_PART = text(
    "INSERT INTO job_part (job, number, type, deletions, ids, versions, patients)"
    " SELECT :job, coalesce(max(number), 0) + 1, :type, :deletions, CAST(:ids AS text[]),"
    " CAST(:versions AS bigint[]), CAST(:patients AS text[]) FROM job_part WHERE job = :job"
)
_ADVANCE = text(
    "UPDATE job SET stage = :stage, after = :after, written = written + :written,"
    " state = :state, failures = 0, turned_at = clock_timestamp(),"
    # What is fetched later must be there as long as what is fetched at once.
    " expires_at = greatest(expires_at, now() + make_interval(secs => :life_s))"
    " WHERE id = :id"
)
_FAILED = text(
    "UPDATE job SET failures = failures + 1, turned_at = clock_timestamp(),"
    " state = CASE WHEN failures + 1 >= :most THEN 'failed' ELSE state END WHERE id = :id"
)
_HEADS = text(
    "SELECT number, type, deletions, cardinality(ids) AS count FROM job_part"
    " WHERE job = :job ORDER BY number"
)
_READ_PART = text(
    "SELECT type, deletions, ids, versions, patients FROM job_part"
    " WHERE job = :job AND number = :number"
)
_REMOVE = text("DELETE FROM job WHERE id = :id RETURNING id")
_EXPIRE = text("DELETE FROM job WHERE expires_at <= now()")


async def add(tx: Transaction, order: Order, bounds: Bounds, life_s: float) -> None:
    """Take an order, and wake the workers. Raises TooBusy where there are too many."""
    await tx.execute(_ONE_AT_A_TIME)
    active, kept, total = (await tx.execute(_COUNTS, {"owner": order.owner})).one()
    if active >= bounds.active:
        raise TooBusy(f"{active} of your jobs are running; wait for one of them, or cancel it")
    if kept >= bounds.kept:
        raise TooBusy(f"{kept} of your jobs are kept; delete those that you have fetched")
    if total >= bounds.total:
        raise TooBusy("the server keeps as many jobs as it can; please try again later")
    wanted = {
        "id": order.id,
        "owner": order.owner,
        "scopes": list(order.scopes),
        "request": orjson.dumps(order.request).decode(),
        "as_of": order.as_of,
        "life_s": life_s,
    }
    await tx.execute(_ADD, wanted)
    await notify(tx, CHANNEL)


async def find(tx: Transaction, id_: str) -> Job:
    """A job that has not expired. Raises NotFound."""
    row = (await tx.execute(_FIND, {"id": id_})).one_or_none()
    if row is None:
        raise NotFound("there is no such job")
    return _job(row)


async def claim(tx: Transaction) -> Job | None:
    """The job that has waited longest, locked until the transaction ends."""
    row = (await tx.execute(_CLAIM)).one_or_none()
    return None if row is None else _job(row)


async def advance(tx: Transaction, id_: str, progress: Progress, life_s: float) -> None:
    """Keep a step of work on a claimed job."""
    if progress.keys:
        people = {key.patient_id for key in progress.keys if key.patient_id is not None}
        part = {
            "job": id_,
            "type": progress.type,
            "deletions": progress.deletions,
            "ids": [key.id for key in progress.keys],
            "versions": [key.version for key in progress.keys],
            "patients": sorted(people),
        }
        await tx.execute(_PART, part)
    moved = {
        "id": id_,
        "stage": progress.stage,
        "after": progress.after,
        "written": len(progress.keys),
        "state": "done" if progress.done else "active",
        "life_s": life_s,
    }
    await tx.execute(_ADVANCE, moved)


async def failed(tx: Transaction, id_: str, most: int = FAILURES_MAX) -> None:
    """Note that a step failed; after ``most`` in a row the job has."""
    await tx.execute(_FAILED, {"id": id_, "most": most})


async def parts(tx: Transaction, id_: str) -> list[PartHead]:
    """The files made so far, in order."""
    return [PartHead(*row) for row in await tx.execute(_HEADS, {"job": id_})]


async def part(tx: Transaction, id_: str, number: int) -> Part:
    """One file's list. Raises NotFound."""
    row = (await tx.execute(_READ_PART, {"job": id_, "number": number})).one_or_none()
    if row is None:
        raise NotFound("there is no such file")
    return Part(row[0], row[1], tuple(row[2]), tuple(row[3]), tuple(row[4]))


async def remove(tx: Transaction, id_: str) -> None:
    """Remove a job and its files; waits for the step that is being worked on. Raises NotFound."""
    if (await tx.execute(_REMOVE, {"id": id_})).one_or_none() is None:
        raise NotFound("there is no such job")


async def expire(tx: Transaction) -> None:
    """Remove what has expired."""
    await tx.execute(_EXPIRE)


def _job(row: Row[Any]) -> Job:
    order = Order(row.id, row.owner, tuple(row.scopes), row.request, row.as_of)
    return Job(order, row.state, row.expires_at, row.stage, row.after, row.written)
