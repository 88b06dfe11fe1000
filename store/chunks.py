"""Sealed chunks: stored once under (device, session, sequence), never overwritten.

The write path is one transaction per batch: lock the touched sessions, insert with
``unnest`` and ON CONFLICT DO NOTHING, and say per session what is now stored. A session's
row lock makes its watermark exact with several writers.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from store.custody import Custody, Touched, settle
from store.database import driver, notify
from store.monitoring import LockedSession, SessionId, lock_sessions
from store.tables import chunk

CHANNEL = "chunk"
MAX_STORED_SEQ = 2**63 - 2
"""The largest number that we store: BIGINT ends here, with room for the watermark above it."""

_Key = tuple[int, int]  # session row, seq
_INSERT = """
INSERT INTO chunk (session, seq, frame)
SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bytea[])
ON CONFLICT DO NOTHING RETURNING session, seq
"""
_SAME = """
SELECT c.session, c.seq FROM unnest($1::bigint[], $2::bigint[], $3::bytea[])
    AS given (session, seq, frame) JOIN chunk c USING (session, seq)
WHERE c.frame = given.frame
"""


class Fate(Enum):
    """What became of one chunk of a batch."""

    INSERTED = auto()
    DUPLICATE = auto()  # the very same bytes are stored already
    CONFLICT = auto()  # other bytes are stored under this number
    OTHER_EPOCH = auto()  # the session began under another key epoch
    BARRED = auto()  # the device or its key may not write any more


@dataclass(frozen=True, slots=True)
class NewChunk:
    """A verified chunk to be stored. ``seq`` must not exceed MAX_STORED_SEQ."""

    device_id: UUID
    key_epoch: int
    session_id: bytes
    seq: int
    frame: bytes

    @property
    def session(self) -> SessionId:
        """The session that it belongs to."""
        return (self.device_id, self.session_id)


@dataclass(frozen=True, slots=True)
class Appended:
    """One fate per chunk, in the batch's order, and what is now held of each session."""

    fates: list[Fate]
    custody: list[Custody]


class StoredChunk(NamedTuple):
    """A chunk at rest, still sealed."""

    seq: int
    frame: bytes
    received_at: datetime


_READ_MANY = text(
    "SELECT wanted.session, c.seq, c.frame, c.received_at"
    " FROM unnest(CAST(:sessions AS bigint[]), CAST(:first AS bigint[]))"
    " AS wanted (session, first)"
    " CROSS JOIN LATERAL (SELECT seq, frame, received_at FROM chunk"
    "  WHERE chunk.session = wanted.session AND seq >= wanted.first ORDER BY seq LIMIT :limit) AS c"
    " ORDER BY wanted.session, c.seq"
)


async def append(tx: AsyncConnection, batch: Sequence[NewChunk]) -> Appended:
    """Store a batch of verified chunks, about 1,000 at most.

    A chunk that conflicts or is barred does not touch the others. The commit wakes whoever
    listens on ``CHANNEL``.
    """
    sessions = await lock_sessions(tx, ((new.session, new.key_epoch) for new in batch))
    fates, rows = _admit(batch, sessions)
    inserted, same = await _insert(tx, rows)
    touched = {s.row: Touched(s, set()) for s in sessions.values()}
    for i, new in enumerate(batch):
        if fates[i] is not Fate.INSERTED:
            continue
        row = sessions[new.session].row
        key = (row, new.seq)
        if key in inserted:
            inserted.remove(key)
            same.add(key)  # a second copy in the same batch is a duplicate
            touched[row].inserted += 1
        else:
            fates[i] = Fate.DUPLICATE if key in same else Fate.CONFLICT
        if key in same:
            touched[row].seqs.add(new.seq)
    held = await settle(tx, (t for t in touched.values() if t.seqs))
    if any(t.inserted for t in touched.values()):
        await notify(tx, CHANNEL)
    return Appended(fates, held)


def _admit(
    batch: Sequence[NewChunk], sessions: dict[SessionId, LockedSession]
) -> tuple[list[Fate], dict[_Key, bytes]]:
    """The rows to insert, and the fates so far: INSERTED means "to be inserted"."""
    fates: list[Fate] = []
    rows: dict[_Key, bytes] = {}
    for new in batch:
        session = sessions.get(new.session)
        if session is None:
            fates.append(Fate.BARRED)
        elif session.key_epoch != new.key_epoch:
            fates.append(Fate.OTHER_EPOCH)
        elif rows.setdefault((session.row, new.seq), new.frame) != new.frame:
            fates.append(Fate.CONFLICT)
        else:
            fates.append(Fate.INSERTED)
    return fates, rows


async def _insert(tx: AsyncConnection, rows: dict[_Key, bytes]) -> tuple[set[_Key], set[_Key]]:
    """The keys that were inserted, and those that were there before with the same bytes."""
    if not rows:
        return set(), set()
    connection = await driver(tx)
    columns = _columns(rows)
    inserted = {(row[0], row[1]) for row in await connection.fetch(_INSERT, *columns)}
    if len(inserted) == len(rows):
        return inserted, set()
    columns = _columns({key: frame for key, frame in rows.items() if key not in inserted})
    return inserted, {(row[0], row[1]) for row in await connection.fetch(_SAME, *columns)}


def _columns(rows: dict[_Key, bytes]) -> tuple[list[int], list[int], list[bytes]]:
    return [key[0] for key in rows], [key[1] for key in rows], list(rows.values())


async def read(
    tx: AsyncConnection, session_row: int, first_seq: int, limit: int
) -> list[StoredChunk]:
    """Up to ``limit`` chunks of a session from ``first_seq`` on, in order; gaps stay gaps."""
    found = await tx.execute(
        select(chunk.c.seq, chunk.c.frame, chunk.c.received_at)
        .where(chunk.c.session == session_row, chunk.c.seq >= first_seq)
        .order_by(chunk.c.seq)
        .limit(limit)
    )
    return [StoredChunk(*row) for row in found]


async def read_many(
    tx: AsyncConnection, wanted: Mapping[int, int], limit: int
) -> dict[int, list[StoredChunk]]:
    """As ``read``, of many sessions: by row, from the sequence number that ``wanted`` has."""
    asked = {"sessions": [*wanted], "first": [*wanted.values()], "limit": limit}
    found: dict[int, list[StoredChunk]] = {row: [] for row in wanted}
    for row, *stored in await tx.execute(_READ_MANY, asked):
        found[row].append(StoredChunk(*stored))
    return found


async def read_samples_range(
    tx: AsyncConnection, session_row: int, first_seq: int, last_seq: int
) -> list[StoredChunk]:
    """The chunks of a session from ``first_seq`` to ``last_seq``, both included, in order."""
    found = await read(tx, session_row, first_seq, last_seq - first_seq + 1)
    return [stored for stored in found if stored.seq <= last_seq]
