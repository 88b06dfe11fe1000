"""Session reports: which are due, and what a session's findings come to.

A report is stale from the publication of a finding until it has taken it in. It is taken in
once enough new signal has come, or nothing new comes for a while, or the session has ended.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import text

from core.ecg import SessionKey, SessionTotals
from store.database import Transaction
from store.findings import ENDED_AT
from store.worn import wearer


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
_TOTALS = text(
    "WITH strip AS MATERIALIZED ("  # noqa: S608 (constants)
    f" SELECT f.started_at, {ENDED_AT} AS ended_at, f.strip_index, f.body, s.chunks,"
    f"  {wearer('s.device_id', 'f.started_at', ENDED_AT)} AS patient_id,"
    "  (f.body ->> 'n_samples')::float8 / (f.body ->> 'rate_hz')::float8 AS seconds,"
    "  (f.body #>> '{rate,heart_rate_per_min}')::float8 AS rate,"
    "  jsonb_array_length(jsonb_path_query_array(f.body,"
    "   '$.beats[*].abnormal_probability ? (@ != null)')) AS classified,"
    "  jsonb_array_length(jsonb_path_query_array(f.body,"
    "   '$.beats[*].abnormal_probability ? (@ >= $from)',"
    "   jsonb_build_object('from', f.body -> 'abnormal_from'))) AS abnormal"
    " FROM finding f JOIN monitoring_session s ON s.id = f.session"
    " WHERE f.session = :session AND f.published)"
    " SELECT patient_id, min(started_at), max(ended_at), count(*), sum(seconds),"
    " coalesce(sum(seconds) FILTER (WHERE (body #>> '{quality,readable}')::boolean), 0),"
    " sum((body ->> 'n_missing')::bigint)::bigint, max(chunks),"
    " sum(jsonb_array_length(body -> 'beats')), sum(classified), sum(abnormal),"
    " avg(rate), min(rate), max(rate),"
    " (array_agg(body ->> 'pipeline_version' ORDER BY strip_index DESC))[1],"
    " (array_agg(body ->> 'model_id' ORDER BY strip_index DESC))[1]"
    " FROM strip GROUP BY patient_id ORDER BY patient_id"
)
_SETTLE = text(
    "UPDATE report r SET status = :status, updated_at = now(), chunks = s.chunks,"
    " findings = f.findings, signal_until = f.signal_until"
    " FROM monitoring_session s, (SELECT count(*) AS findings, max(started_at) AS signal_until"
    "  FROM finding WHERE session = :session AND published) AS f"
    " WHERE r.session = :session AND s.id = :session"
)


async def mark_stale(tx: Transaction, sessions: Iterable[int]) -> None:
    """Say that findings of these sessions are published that no report has taken in.

    The rows stay locked until the transaction ends; taken before the FHIR clock, as everywhere.
    """
    await tx.execute(_MARK_STALE, {"sessions": sorted(set(sessions))})


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


async def totals(tx: Transaction, session: int) -> list[tuple[str | None, SessionTotals]]:
    """What the published findings come to, for each patient who wore the device meanwhile.

    None stands for the time when nobody did. ``chunks_stored`` are those of the whole session.
    """
    rows = await tx.execute(_TOTALS, {"session": session})
    return [(row[0], SessionTotals(*row[1:])) for row in rows]


async def settle(tx: Transaction, session: int, *, ended: bool) -> None:
    """Say that the report has taken in all that is published."""
    await tx.execute(_SETTLE, {"session": session, "status": "final" if ended else "partial"})
