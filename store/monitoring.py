"""Monitoring sessions as ingest sees them: begun at their first chunk, locked while written.

Sessions are begun and locked in a fixed order, so that two ingest processes never wait for
each other in a circle. The lock also reads whether device and key may still write: a
revocation is obeyed by the first batch that begins after it, in every process.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from store.database import driver

SessionId = tuple[UUID, bytes]
"""A device's id and its 16-byte session id, which no other session of that device has."""

_LOCK = """
SELECT s.id, s.device_id, s.session_id, s.key_epoch, s.watermark
FROM unnest($1::uuid[], $2::bytea[]) AS given (device_id, session_id)
JOIN monitoring_session s USING (device_id, session_id)
JOIN device d ON d.id = s.device_id AND d.status = 'active'
JOIN device_key k ON k.device_id = d.id AND k.status <> 'revoked' AND k.epoch = s.key_epoch
ORDER BY s.id FOR NO KEY UPDATE OF s
"""
_BEGIN = """
WITH fresh AS (
    INSERT INTO monitoring_session (device_id, session_id, key_epoch)
    SELECT given.device_id, given.session_id, given.key_epoch
    FROM unnest($1::uuid[], $2::bytea[], $3::bigint[]) AS given (device_id, session_id, key_epoch)
    JOIN device d ON d.id = given.device_id AND d.status = 'active'
    JOIN device_key k ON k.device_id = d.id AND k.status <> 'revoked' AND k.epoch = given.key_epoch
    ORDER BY given.device_id, given.session_id
    ON CONFLICT DO NOTHING RETURNING id
)
INSERT INTO analysis_cursor (session) SELECT id FROM fresh
"""


@dataclass(frozen=True, slots=True)
class LockedSession:
    """A session's row, locked until the transaction ends."""

    row: int
    device_id: UUID
    session_id: bytes
    key_epoch: int
    watermark: int


async def lock_sessions(
    tx: AsyncConnection, wanted: Iterable[tuple[SessionId, int]]
) -> dict[SessionId, LockedSession]:
    """Lock the sessions, beginning those that are new, under the key epoch given beside each.

    Sessions whose device or key may not write are left out of the answer.
    """
    epochs = dict(wanted)
    connection = await driver(tx)
    locked = await _lock(connection, list(epochs))
    fresh = {key: epoch for key, epoch in epochs.items() if key not in locked}
    if fresh:
        devices, sessions = zip(*fresh, strict=True)
        await connection.execute(_BEGIN, devices, sessions, list(fresh.values()))
        locked |= await _lock(connection, list(fresh))
    return locked


async def _lock(connection: Any, keys: list[SessionId]) -> dict[SessionId, LockedSession]:
    rows = await connection.fetch(_LOCK, [key[0] for key in keys], [key[1] for key in keys])
    found = [LockedSession(row[0], row[1], row[2], row[3], row[4]) for row in rows]
    return {(session.device_id, session.session_id): session for session in found}
