"""What is watched of running sessions beside their strips, and the alerts that follow from it.

One watcher at a time decides (advisory lock), so several processes open one alert. Times are the
caller's.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text

from core.alerts import WATCHED, Alert, AlertKind, Priority
from core.ecg import CHUNKS_PER_STRIP
from store import alerts
from store.database import Transaction

_LOCK_KEY = 0x77_61_74_63_68  # "watch"


@dataclass(frozen=True, slots=True)
class Watched:
    """A running session: when chunks came, and its newest strip (None: none is told yet).

    ``waiting`` chunks are not analysed, the oldest of them since ``waiting_since``;
    ``told_until`` is the time of the newest strip's last sample, ``told_at`` when it was found.
    """

    session: int
    strip_index: int
    first_received_at: datetime
    last_received_at: datetime
    ended: bool
    waiting: int
    moved_at: datetime
    told_until: datetime | None
    told_at: datetime | None
    clock_synced: bool | None
    fallback: str | None


@dataclass(frozen=True, slots=True)
class Condition:
    """A technical condition that holds: since when, how urgent, and why."""

    since: datetime
    priority: Priority
    evidence: str


_LOCK = text("SELECT pg_try_advisory_xact_lock(:key)")
_WATCHED = text(
    "SELECT s.id, c.next_seq / :strip, s.first_received_at, s.last_received_at, c.ended,"
    " s.chunks - c.analysed, c.updated_at,"
    " CAST(f.body ->> 'started_at' AS timestamptz) + interval '1 second'"
    "  * (CAST(f.body ->> 'n_samples' AS float) / CAST(f.body ->> 'rate_hz' AS float)),"
    " f.updated_at, CAST(f.body ->> 'clock_synced' AS boolean), f.body ->> 'fallback'"
    " FROM monitoring_session s JOIN analysis_cursor c ON c.session = s.id"
    " LEFT JOIN LATERAL (SELECT body, updated_at FROM finding WHERE session = s.id"
    "  ORDER BY strip_index DESC LIMIT 1) AS f ON true"
    " WHERE NOT c.ended OR EXISTS (SELECT FROM alert a WHERE a.session = s.id"
    "  AND a.closed_at IS NULL AND a.kind = ANY(CAST(:kinds AS text[])))"
    " ORDER BY s.id"
)
_OPEN = text(
    "SELECT session, kind, strip_index FROM alert WHERE closed_at IS NULL"
    " AND kind = ANY(CAST(:kinds AS text[]))"
)
_LATEST = text("SELECT max(strip_index) FROM alert WHERE session = :session AND kind = :kind")
_CLOSE = text(
    "UPDATE alert SET closed_at = greatest(:at, opened_at + interval '1 millisecond'),"
    " published = false WHERE session = ANY(CAST(:sessions AS bigint[])) AND kind = :kind"
    " AND closed_at IS NULL"
)


async def lead(tx: Transaction) -> bool:
    """Whether this transaction is the one that watches; until it ends, no other is."""
    leads: bool = (await tx.execute(_LOCK, {"key": _LOCK_KEY})).scalar_one()
    return leads


async def watched(tx: Transaction) -> list[Watched]:
    """The sessions that run, and those that ended with something technical open."""
    kinds = [kind.value for kind in WATCHED]
    rows = await tx.execute(_WATCHED, {"strip": CHUNKS_PER_STRIP, "kinds": kinds})
    return [Watched(*row) for row in rows]


async def settle(
    tx: Transaction,
    now: datetime,
    kinds: Collection[AlertKind],
    holding: Mapping[int, Mapping[AlertKind, Condition]],
) -> int:
    """Open what holds and is not open, close what is open of ``kinds`` and holds no more.

    ``holding`` is by session; a session that is not in it holds nothing. How many changed.
    """
    named = [kind.value for kind in kinds]
    opened = {(row[0], AlertKind(row[1])) for row in await tx.execute(_OPEN, {"kinds": named})}
    held = {(session, kind) for session, of in holding.items() for kind in of}
    for session, kind in sorted(opened - held):
        await clear(tx, [session], kind, now)
    for session, kind in sorted(held - opened):
        await _raise(tx, session, kind, holding[session][kind])
    return len(opened ^ held)


async def _raise(tx: Transaction, session: int, kind: AlertKind, why: Condition) -> None:
    """A new alert, numbered after the last of its kind: these belong to no strip."""
    asked = {"session": session, "kind": kind.value}
    last: int | None = (await tx.execute(_LATEST, asked)).scalar_one()
    number = 0 if last is None else last + 1
    alert = Alert(kind, why.since, None, number, why.evidence, why.priority)
    await alerts.upsert(tx, [(session, alert)])


async def raise_once(
    tx: Transaction, sessions: Sequence[int], kind: AlertKind, why: Condition
) -> None:
    """Open an alert of a kind in each session where none is open."""
    rows = await tx.execute(_OPEN, {"kinds": [kind.value]})
    opened = {row[0] for row in rows}
    for session in sessions:
        if session not in opened:
            await _raise(tx, session, kind, why)


async def clear(tx: Transaction, sessions: Sequence[int], kind: AlertKind, at: datetime) -> None:
    """Close what is open of a kind in these sessions."""
    if sessions:
        await tx.execute(_CLOSE, {"sessions": [*sessions], "kind": kind.value, "at": at})
