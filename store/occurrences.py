"""The sessions' alerts behind alarms: what they amount to, and the newest of each."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from core.alarms.alarm import Newest, Occurrences
from core.alerts import Priority
from core.ecg import SessionKey
from store.alerts import COLUMNS, from_row

# A withdrawn alert is closed at the moment it opened.
_LIVE = "FILTER (WHERE closed_at IS DISTINCT FROM opened_at)"
_RANKS = ", ".join(f"('{priority.value}', {rank})" for rank, priority in enumerate(Priority))
_GATHERED = text(
    f"SELECT alarm, count(*) {_LIVE},"  # noqa: S608 (constants)
    f" coalesce(min(opened_at) {_LIVE}, min(opened_at)),"
    f" coalesce(max(coalesce(closed_at, opened_at)) {_LIVE}, max(opened_at)),"
    f" CASE WHEN bool_or(closed_at IS NULL) THEN NULL ELSE max(closed_at) END,"
    f" coalesce(min(rank) {_LIVE}, min(rank))"
    f" FROM alert JOIN (VALUES {_RANKS}) AS ranked (name, rank) ON name = priority"
    " WHERE alarm = ANY (CAST(:alarms AS text[])) GROUP BY alarm"
)
_KEY = "{0}.id, {0}.device_id, {0}.key_epoch, {0}.session_id"
_NEWEST = text(
    f"SELECT DISTINCT ON (m.id) m.id, {_KEY.format('o')}, m.strip_index,"  # noqa: S608 (constants)
    f" {_KEY.format('s')}, {', '.join(f'a.{name}' for name in COLUMNS.split(', '))},"
    " f.body ->> 'pipeline_version', f.body ->> 'model_id', a.found_at"
    " FROM alarm m JOIN monitoring_session o ON o.id = m.session"
    " JOIN alert a ON a.alarm = m.id JOIN monitoring_session s ON s.id = a.session"
    " LEFT JOIN finding f ON f.session = a.session AND f.strip_index = a.strip_index"
    " WHERE m.id = ANY (CAST(:alarms AS text[]))"
    " ORDER BY m.id, (a.closed_at IS NOT DISTINCT FROM a.opened_at),"
    " a.found_at DESC, a.session DESC, a.strip_index DESC"
)


async def gathered(tx: AsyncConnection, alarms: Sequence[str]) -> dict[str, Occurrences]:
    """What the alerts of each alarm (id) amount to; of those that are all withdrawn, when."""
    rows = await tx.execute(_GATHERED, {"alarms": list(alarms)})
    ranks = list(Priority)
    return {row[0]: Occurrences(row[1], row[2], row[3], row[4], ranks[row[5]]) for row in rows}


async def newest(tx: AsyncConnection, alarms: Sequence[str]) -> dict[str, Newest]:
    """The newest alert of each alarm (id), withdrawn ones last."""
    found = {}
    for row in await tx.execute(_NEWEST, {"alarms": list(alarms)}):
        software = (row[17], row[18]) if row[17] else None
        found[row[0]] = Newest(
            _key(row[1:5]), row[5], _key(row[6:10]), from_row(*row[10:17]), software, row[19]
        )
    return found


def _key(columns: Sequence[Any]) -> SessionKey:
    row, device_id, epoch, session_id = columns
    return SessionKey(row, device_id, epoch, bytes(session_id))
