"""Published findings of one wearer of a session: page by page, or the few that a report shows."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import text

from core.alerts import Alert
from core.ecg import SessionKey, StripFinding
from core.errors import NotFound
from store import alerts
from store.database import Transaction
from store.findings import ENDED_AT, decode
from store.worn import wearer

_SESSION = text(
    "SELECT id, device_id, key_epoch, session_id FROM monitoring_session"
    " WHERE device_id = :device AND session_id = :session"
)
_WORN = (
    " FROM finding f JOIN monitoring_session s ON s.id = f.session"
    " WHERE f.session = :session AND f.published"
    f" AND {wearer('s.device_id', 'f.started_at', ENDED_AT)} IS NOT DISTINCT FROM :patient"
)
_PAGE = text(
    f"SELECT f.body::text {_WORN} AND f.strip_index > :after ORDER BY f.strip_index LIMIT :limit"
)
_NAMED = text(
    f"SELECT f.body::text {_WORN} AND f.strip_index = ANY(:strips) ORDER BY f.strip_index"
)


async def session(tx: Transaction, device_id: UUID, session_id: bytes) -> SessionKey:
    """The session that a result names. Raises NotFound."""
    asked = {"device": device_id, "session": session_id}
    row = (await tx.execute(_SESSION, asked)).one_or_none()
    if row is None:
        raise NotFound(f"no session {session_id.hex()}")
    return SessionKey(row[0], row[1], row[2], bytes(row[3]))


async def page(
    tx: Transaction, session_row: int, patient_id: str | None, after: int, limit: int
) -> list[StripFinding]:
    """Up to ``limit`` findings of that wearer (None: nobody) past strip ``after``, in order."""
    asked = {"session": session_row, "patient": patient_id, "after": after, "limit": limit}
    return [decode(row[0]) for row in await tx.execute(_PAGE, asked)]


async def named(
    tx: Transaction, session_row: int, patient_id: str | None, strips: Sequence[int]
) -> list[StripFinding]:
    """The findings of these strips, as far as they are that wearer's, in order."""
    asked = {"session": session_row, "patient": patient_id, "strips": list(strips)}
    return [decode(row[0]) for row in await tx.execute(_NAMED, asked)]


async def alerts_of(tx: Transaction, session_row: int, patient_id: str | None) -> list[Alert]:
    """The alerts that opened in that wearer's strips, but for withdrawn ones, in order."""
    known = [
        alert
        for alert in await alerts.for_session(tx, session_row)
        if alert.closed_at is None or alert.closed_at > alert.opened_at
    ]
    found = await named(tx, session_row, patient_id, [alert.strip_index for alert in known])
    worn = {finding.strip_index for finding in found}
    return [alert for alert in known if alert.strip_index in worn]
