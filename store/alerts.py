"""Alerts of sessions: one row per condition and opening, closed under the same key.

When a late chunk sends analysis back, the alerts from there on are reopened or withdrawn: a
withdrawn one is closed at the moment it opened and says so, because it may be published.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import text

from core.alerts import WATCHED, Alert, AlertKind, Basis, Priority
from core.ecg import SessionKey
from store.database import Transaction
from store.worn import wearer

WITHDRAWN = "withdrawn: the signal was completed by late chunks"


@dataclass(frozen=True, slots=True)
class UnpublishedAlert:
    """An alert to be published, with the wearer when it opened (None: nobody).

    ``software`` is pipeline version and model id of the finding that opened it, ``alarm`` the id
    of the alarm that it belongs to already.
    """

    session: SessionKey
    alert: Alert
    patient_id: str | None
    software: tuple[str, str] | None
    alarm: str | None = None


COLUMNS = "kind, opened_at, closed_at, strip_index, evidence, priority, basis"
_UPSERT = text(
    f"INSERT INTO alert (session, {COLUMNS})"  # noqa: S608 (constants)
    " SELECT * FROM unnest(CAST(:sessions AS bigint[]), CAST(:kinds AS text[]),"
    " CAST(:opened AS timestamptz[]), CAST(:closed AS timestamptz[]), CAST(:strips AS bigint[]),"
    " CAST(:evidence AS text[]), CAST(:priorities AS text[]), CAST(:bases AS jsonb[]))"
    f" AS new (session, {COLUMNS})"
    " ON CONFLICT (session, kind, strip_index) DO UPDATE SET opened_at = excluded.opened_at,"
    " closed_at = excluded.closed_at, evidence = excluded.evidence,"
    " priority = excluded.priority, basis = excluded.basis, published = false"
    " WHERE (alert.opened_at, alert.closed_at, alert.evidence, alert.priority)"
    "  IS DISTINCT FROM"
    "  (excluded.opened_at, excluded.closed_at, excluded.evidence, excluded.priority)"
)
_WITHDRAW = text(
    "UPDATE alert SET closed_at = opened_at, evidence = :evidence, published = false"
    " WHERE session = :session AND strip_index >= :strip AND kind <> ALL (CAST(:watched AS text[]))"
)
_STRIP_ENDED_AT = "(a.opened_at + interval '12 seconds')"
_UNPUBLISHED = text(
    "SELECT s.id, s.device_id, s.key_epoch, s.session_id,"  # noqa: S608 (constants)
    " a.kind, a.opened_at, a.closed_at, a.strip_index, a.evidence, a.priority, a.basis,"
    f" {wearer('s.device_id', 'a.opened_at', _STRIP_ENDED_AT)},"
    " f.body ->> 'pipeline_version', f.body ->> 'model_id', a.alarm"
    " FROM alert a JOIN monitoring_session s ON s.id = a.session"
    " LEFT JOIN finding f ON f.session = a.session AND f.strip_index = a.strip_index"
    " WHERE NOT a.published ORDER BY a.session, a.strip_index, a.kind LIMIT :limit"
    " FOR UPDATE OF a SKIP LOCKED"
)
_MARK = text(
    "UPDATE alert a SET published = true"
    " FROM unnest(CAST(:sessions AS bigint[]), CAST(:kinds AS text[]), CAST(:strips AS bigint[]))"
    " AS done (session, kind, strip)"
    " WHERE a.session = done.session AND a.kind = done.kind AND a.strip_index = done.strip"
)
_OF_SESSION = text(
    f"SELECT {COLUMNS} FROM alert"  # noqa: S608 (constants)
    " WHERE session = :session ORDER BY strip_index, kind"
)


async def upsert(tx: Transaction, changed: Sequence[tuple[int, Alert]]) -> None:
    """Write alerts (session row, alert) that opened or closed; the last of a key counts."""
    latest = {(row, alert.kind, alert.strip_index): alert for row, alert in changed}
    if not latest:
        return
    alerts = list(latest.values())
    columns = {
        "sessions": [row for row, _, _ in latest],
        "kinds": [alert.kind.value for alert in alerts],
        "strips": [alert.strip_index for alert in alerts],
        "opened": [alert.opened_at for alert in alerts],
        "closed": [alert.closed_at for alert in alerts],
        "evidence": [alert.evidence for alert in alerts],
        "priorities": [alert.priority.value for alert in alerts],
        "bases": [_basis_text(alert.basis) for alert in alerts],
    }
    await tx.execute(_UPSERT, columns)


async def rewind(tx: Transaction, session: int, strip: int, still_open: Sequence[Alert]) -> None:
    """Go back to before ``strip``: withdraw what opened since, reopen what was open then."""
    watched = [kind.value for kind in WATCHED]
    asked = {"session": session, "strip": strip, "evidence": WITHDRAWN, "watched": watched}
    await tx.execute(_WITHDRAW, asked)
    await upsert(tx, [(session, alert) for alert in still_open])


async def unpublished(tx: Transaction, limit: int) -> list[UnpublishedAlert]:
    """Claim up to ``limit`` alerts to publish, past those that another publisher holds."""
    rows = await tx.execute(_UNPUBLISHED, {"limit": limit})
    return [
        UnpublishedAlert(
            SessionKey(row[0], row[1], row[2], bytes(row[3])),
            from_row(*row[4:11]),
            row[11],
            (row[12], row[13]) if row[12] else None,
            row[14],
        )
        for row in rows
    ]


async def mark_published(tx: Transaction, done: Sequence[tuple[int, AlertKind, int]]) -> None:
    """Mark alerts (session row, kind, strip index) as published, where they were claimed."""
    if done:
        sessions, kinds, strips = zip(*done, strict=True)
        named = [kind.value for kind in kinds]
        await tx.execute(_MARK, {"sessions": [*sessions], "kinds": named, "strips": [*strips]})


async def for_session(tx: Transaction, session: int) -> list[Alert]:
    """All alerts of a session, in the order in which they opened."""
    return [from_row(*row) for row in await tx.execute(_OF_SESSION, {"session": session})]


def from_row(
    kind: str,
    opened_at: datetime,
    closed_at: datetime | None,
    strip_index: int,
    evidence: str,
    priority: str,
    basis: dict[str, Any] | None,
) -> Alert:
    """An alert from its COLUMNS."""
    told = None if basis is None else Basis(**basis | {"beats": tuple(basis["beats"])})
    kind_, rank = AlertKind(kind), Priority(priority)
    return Alert(kind_, opened_at, closed_at, strip_index, evidence, rank, told)


def _basis_text(basis: Basis | None) -> str | None:
    return None if basis is None else orjson.dumps(asdict(basis)).decode()
