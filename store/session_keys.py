"""Under which key a monitoring session was sealed."""

from sqlalchemy import select

from core.ecg import SessionKey
from core.errors import NotFound
from store.database import Transaction
from store.tables import monitoring_session


async def session_key(tx: Transaction, row: int) -> SessionKey:
    """The session of a row. Raises NotFound."""
    s = monitoring_session.c
    query = select(s.id, s.device_id, s.key_epoch, s.session_id).where(s.id == row)
    found = (await tx.execute(query)).one_or_none()
    if found is None:
        raise NotFound(f"no session {row}")
    return SessionKey(found.id, found.device_id, found.key_epoch, bytes(found.session_id))
