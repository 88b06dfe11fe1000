"""Session reports: which are due.

A report is stale from the publication of a finding until it has taken it in. It is taken in
once enough new signal has come, or nothing new comes for a while, or the session has ended.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import text

from core.ecg import SessionKey
from store import digests
from store.database import Transaction


@dataclass(frozen=True, slots=True)
class DueReport:
    """A session whose report is to be written now; ``ended``: no more signal is expected."""

    session: SessionKey
    ended: bool


_MARK_STALE = text(
    "INSERT INTO report (session, status, findings, chunks, signal_until)"
    " SELECT session, 'partial', 0, 0, '-infinity'"
    " FROM unnest(CAST(:sessions AS bigint[])) AS given (session) ORDER BY session"
    " ON CONFLICT (session) DO UPDATE SET findings = 0"
)
_DUE = text(
    "SELECT s.id, s.device_id, s.key_epoch, s.session_id, c.ended"
    " FROM report r"
    " JOIN monitoring_session s ON s.id = r.session"
    " JOIN analysis_cursor c ON c.session = r.session"
    " CROSS JOIN LATERAL (SELECT f.started_at FROM finding f WHERE f.session = r.session"
    "  ORDER BY f.strip_index DESC LIMIT 1) AS latest"
    " WHERE (r.status = 'partial' OR r.findings = 0)"
    " AND (r.findings = 0 OR r.chunks <> s.chunks OR c.ended)"
    " AND (latest.started_at >= r.signal_until + CAST(:interval AS interval)"
    "  OR (c.ended OR greatest(s.last_received_at, c.updated_at)"
    "   < clock_timestamp() - CAST(:quiet AS interval))"
    "  AND NOT EXISTS"
    "   (SELECT FROM finding f WHERE f.session = r.session AND NOT f.published))"
    " ORDER BY r.session LIMIT :limit FOR UPDATE OF r SKIP LOCKED"
)
_SETTLE = text(
    "UPDATE report r SET status = :status, updated_at = now(), chunks = s.chunks,"
    " findings = f.findings, signal_until = f.signal_until"
    " FROM monitoring_session s, (SELECT count(*) AS findings, max(started_at) AS signal_until"
    "  FROM finding WHERE session = :session AND published) AS f"
    " WHERE r.session = :session AND s.id = :session"
)


async def mark_stale(tx: Transaction, done: Sequence[tuple[int, int]]) -> None:
    """Say that findings (session row, strip index) are published that no report has taken in.

    The rows stay locked until the transaction ends; taken before the FHIR clock, as everywhere.
    """
    await tx.execute(_MARK_STALE, {"sessions": sorted({session for session, _ in done})})
    await digests.forget(tx, done)


async def claim_due(
    tx: Transaction, interval_s: float, quiet_s: float, limit: int
) -> list[DueReport]:
    """Claim up to ``limit`` stale reports that are due, past those claimed by others.

    Due is what has ``interval_s`` of new signal, or a session that has ended or has been quiet
    for ``quiet_s``, all of its findings published.
    """
    asked = {
        "interval": timedelta(seconds=interval_s),
        "quiet": timedelta(seconds=quiet_s),
        "limit": limit,
    }
    rows = await tx.execute(_DUE, asked)
    return [DueReport(SessionKey(row[0], row[1], row[2], bytes(row[3])), row[4]) for row in rows]


async def settle(tx: Transaction, session: int, *, ended: bool) -> None:
    """Say that the report has taken in all that is published."""
    await tx.execute(_SETTLE, {"session": session, "status": "final" if ended else "partial"})
