"""Monitoring sessions as analysis sees them: a cursor each, claimed, moved on, set back.

A cursor is locked by the worker that claims it, until that transaction ends; ingest never
touches a cursor it did not make. ``analysed`` against the session's count of chunks says
whether there is work, late chunks included, without a look at the chunks.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import text

from core.alerts import AlertKind
from core.ecg import CHUNKS_PER_STRIP, SessionKey
from store.database import Transaction


@dataclass(frozen=True, slots=True)
class Claim:
    """A session to go on with, locked until the transaction ends.

    ``state`` is what ``save`` was given, None at the start. ``waiting`` counts chunks that are
    stored and not analysed, none in a session that is claimed to end; ``has_limits``: who wears or
    wore the device has or had alarm limits; ``key_failed``: it is open that the key could not be
    had. ``now`` is the database's time.
    """

    session: SessionKey
    next_seq: int
    analysed: int
    state: bytes | None
    ended: bool
    waiting: int
    has_gaps: bool
    has_limits: bool
    key_failed: bool
    now: datetime


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a session's cursor moves to."""

    row: int
    next_seq: int
    analysed: int
    state: bytes | None
    ended: bool


@dataclass(frozen=True, slots=True)
class Gap:
    """Chunks declared lost, and the state before them."""

    first_seq: int
    last_seq: int
    state: bytes | None


_ADOPT = text(
    "INSERT INTO analysis_cursor (session) SELECT s.id FROM monitoring_session s"
    " WHERE NOT EXISTS (SELECT FROM analysis_cursor c WHERE c.session = s.id)"
    " ON CONFLICT DO NOTHING"
)
# A strip can be told once the first or second chunk after it has come: in between, a running
# session is let collect chunks, for a turn costs more than a chunk. Least recently touched
# first, so that no session waits for ever behind busier ones.
_CLAIM = text(
    "SELECT s.id, s.device_id, s.key_epoch, s.session_id, c.next_seq, c.analysed, c.state,"
    " c.ended, s.chunks - c.analysed,"
    " EXISTS (SELECT FROM gap g WHERE g.session = s.id),"
    " EXISTS (SELECT FROM wearing w JOIN patient_limits l ON l.patient_id = w.patient_id"
    "  WHERE w.device_id = s.device_id),"
    " EXISTS (SELECT FROM alert a WHERE a.session = s.id AND a.kind = :key_failure"
    "  AND a.closed_at IS NULL), clock_timestamp()"
    " FROM analysis_cursor c JOIN monitoring_session s ON s.id = c.session"
    " WHERE (s.chunks > c.analysed AND (c.next_seq % :strip <= 1"
    "   OR s.chunks - c.analysed >= :collect"
    "   OR c.next_seq % :strip + s.chunks - c.analysed > :strip"
    "   OR s.last_received_at < clock_timestamp() - CAST(:linger AS interval))"
    "  OR NOT c.ended AND s.last_received_at < clock_timestamp() - CAST(:idle AS interval))"
    " AND c.session <> ALL(CAST(:passed_over AS bigint[]))"
    " ORDER BY c.updated_at LIMIT :limit FOR NO KEY UPDATE OF c SKIP LOCKED"
)
_SAVE = text(
    "UPDATE analysis_cursor c SET next_seq = new.next_seq, analysed = new.analysed,"
    " state = new.state, ended = new.ended, updated_at = clock_timestamp()"
    " FROM unnest(CAST(:rows AS bigint[]), CAST(:next AS bigint[]), CAST(:analysed AS bigint[]),"
    " CAST(:states AS bytea[]), CAST(:ended AS boolean[]))"
    " AS new (session, next_seq, analysed, state, ended) WHERE c.session = new.session"
)
_DECLARE = text(
    "INSERT INTO gap (session, first_seq, last_seq, state) VALUES (:session, :first, :last, :state)"
)
# A gap that is filled, or that got some of its chunks and then nothing for a while.
_LATE = text(
    "SELECT g.first_seq, g.last_seq, g.state FROM gap g"
    " CROSS JOIN LATERAL (SELECT count(*) AS come, max(c.received_at) AS last FROM chunk c"
    "  WHERE c.session = g.session AND c.seq BETWEEN g.first_seq AND g.last_seq) AS late"
    " WHERE g.session = :session AND late.come > 0"
    " AND (late.come > g.last_seq - g.first_seq"
    "  OR late.last < clock_timestamp() - CAST(:settled AS interval))"
    " ORDER BY g.first_seq LIMIT 1"
)
_DROP_GAPS = text("DELETE FROM gap WHERE session = :session AND first_seq >= :first")
_COUNT_BELOW = text(
    "SELECT count(*) FROM chunk c WHERE c.session = :session AND c.seq < :first"
    " AND NOT EXISTS (SELECT FROM gap g WHERE g.session = c.session"
    "  AND c.seq BETWEEN g.first_seq AND g.last_seq)"
)
_GAPS = text(
    "SELECT first_seq, last_seq, state FROM gap WHERE session = :session ORDER BY first_seq"
)


async def adopt(tx: Transaction) -> int:
    """Give every session that has none a cursor at its start; how many there were."""
    adopted: int = (await tx.execute(_ADOPT)).rowcount
    return adopted


async def claim(
    tx: Transaction,
    limit: int,
    idle_s: float,
    passed_over: Collection[int] = (),
    linger_s: float = 0.0,
    collect: int = CHUNKS_PER_STRIP,
) -> list[Claim]:
    """Lock up to ``limit`` sessions that have chunks to analyse, or none since ``idle_s``.

    A session in the middle of a strip is left alone until nothing came for ``linger_s``
    or ``collect`` chunks wait, for what is urgent is told mid-strip.
    Sessions that another worker holds, and the rows ``passed_over``, are left out.
    """
    asked = {
        "limit": limit,
        "idle": timedelta(seconds=idle_s),
        "linger": timedelta(seconds=linger_s),
        "collect": collect,
        "strip": CHUNKS_PER_STRIP,
        "passed_over": list(passed_over),
        "key_failure": AlertKind.KEY_FAILURE.value,
    }
    rows = await tx.execute(_CLAIM, asked)
    return [Claim(SessionKey(r[0], r[1], r[2], bytes(r[3])), *r[4:]) for r in rows]


async def save(tx: Transaction, moved: Sequence[Progress]) -> None:
    """Move cursors that this transaction has claimed."""
    if not moved:
        return
    columns = {
        "rows": [progress.row for progress in moved],
        "next": [progress.next_seq for progress in moved],
        "analysed": [progress.analysed for progress in moved],
        "states": [progress.state for progress in moved],
        "ended": [progress.ended for progress in moved],
    }
    await tx.execute(_SAVE, columns)


async def declare_gap(tx: Transaction, row: int, gap: Gap) -> None:
    """Note that chunks are lost, and the state to go back to if they come after all."""
    asked = {"session": row, "first": gap.first_seq, "last": gap.last_seq, "state": gap.state}
    await tx.execute(_DECLARE, asked)


async def late_gap(tx: Transaction, row: int, settled_s: float) -> Gap | None:
    """The first gap whose chunks have come: all, or some and no more for ``settled_s``."""
    asked = {"session": row, "settled": timedelta(seconds=settled_s)}
    found = (await tx.execute(_LATE, asked)).one_or_none()
    return Gap(*found) if found else None


async def drop_gaps(tx: Transaction, row: int, first_seq: int) -> int:
    """Forget the gaps from ``first_seq`` on; how many chunks before it have been analysed."""
    asked = {"session": row, "first": first_seq}
    await tx.execute(_DROP_GAPS, asked)
    counted: int = (await tx.execute(_COUNT_BELOW, asked)).scalar_one()
    return counted


async def gaps(tx: Transaction, row: int) -> list[Gap]:
    """The declared gaps of a session, in order."""
    return [Gap(*found) for found in await tx.execute(_GAPS, {"session": row})]
