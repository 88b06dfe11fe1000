"""What analysis said of each strip: written again when a late chunk changes it, then published.

The body is the finding's fields as JSON. Numbers go in as orjson writes them, in their
shortest form that reads back the same, and JSONB keeps digits (PostgreSQL manual, 8.14).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import text

from core.ecg import (
    Beat,
    BeatClass,
    Hrv,
    Intervals,
    Quality,
    Rate,
    RefusalReason,
    RhythmKind,
    RhythmSpan,
    SessionKey,
    Spectrum,
    StripFinding,
)
from store.database import Transaction
from store.worn import wearer


@dataclass(frozen=True, slots=True)
class UnpublishedFinding:
    """A finding to be published, with the wearer at its start, or just after (None: nobody).

    ``amended``: another version of it was published before. ``found_at`` is when analysis
    committed it.
    """

    session: SessionKey
    finding: StripFinding
    patient_id: str | None
    amended: bool
    found_at: datetime


_UPSERT = text(
    "INSERT INTO finding (session, strip_index, body, started_at)"
    " SELECT session, strip_index, body, started_at FROM unnest(CAST(:sessions AS bigint[]),"
    " CAST(:strips AS bigint[]), CAST(:bodies AS jsonb[]), CAST(:started AS timestamptz[]))"
    " AS new (session, strip_index, body, started_at) ORDER BY session, strip_index"
    " ON CONFLICT (session, strip_index) DO UPDATE SET body = excluded.body,"
    " started_at = excluded.started_at, updated_at = now(),"
    " amended = finding.amended OR finding.published, published = false"
    " WHERE finding.body IS DISTINCT FROM excluded.body"
)
ENDED_AT = (
    "(f.started_at + interval '1 second'"
    " * ((f.body ->> 'n_samples')::float8 / (f.body ->> 'rate_hz')::float8))"
)
"""SQL: when the strip of the finding ``f`` ended."""
_UNPUBLISHED = text(
    "SELECT s.id, s.device_id, s.key_epoch, s.session_id, f.body::text, f.amended,"  # noqa: S608 (constants)
    f" f.updated_at, {wearer('s.device_id', 'f.started_at', ENDED_AT)}"
    " FROM finding f JOIN monitoring_session s ON s.id = f.session"
    " WHERE NOT f.published ORDER BY f.session, f.strip_index LIMIT :limit"
    " FOR UPDATE OF f SKIP LOCKED"
)
_MARK = text(
    "UPDATE finding f SET published = true"
    " FROM unnest(CAST(:sessions AS bigint[]), CAST(:strips AS bigint[])) AS done (session, strip)"
    " WHERE f.session = done.session AND f.strip_index = done.strip"
)
# All of them, for one that is not published yet may be in a publisher's hands just now.
_AGAIN = text(
    "WITH again AS (SELECT f.session, f.strip_index FROM finding f"  # noqa: S608 (constants)
    "  JOIN monitoring_session s ON s.id = f.session"
    f" WHERE s.device_id = :device AND {ENDED_AT} > :since"
    "  ORDER BY f.session, f.strip_index FOR UPDATE OF f)"
    " UPDATE finding f SET published = false, amended = f.amended OR f.published"
    " FROM again a WHERE a.session = f.session AND a.strip_index = f.strip_index"
)
_OF_SESSION = text("SELECT body::text FROM finding WHERE session = :session ORDER BY strip_index")


async def upsert(tx: Transaction, found: Sequence[tuple[int, StripFinding]]) -> None:
    """Write findings (session row, finding), each strip at most once.

    One that says the same as the stored one changes nothing; any other is to be published.
    """
    if not found:
        return
    columns = {
        "sessions": [session for session, _ in found],
        "strips": [finding.strip_index for _, finding in found],
        "bodies": [orjson.dumps(finding).decode() for _, finding in found],
        "started": [finding.started_at for _, finding in found],
    }
    await tx.execute(_UPSERT, columns)


async def unpublished(tx: Transaction, limit: int) -> list[UnpublishedFinding]:
    """Claim up to ``limit`` findings to publish, past those that another publisher holds."""
    rows = await tx.execute(_UNPUBLISHED, {"limit": limit})
    return [
        UnpublishedFinding(
            SessionKey(row[0], row[1], row[2], bytes(row[3])),
            decode(row[4]),
            row[7],
            row[5],
            row[6],
        )
        for row in rows
    ]


async def mark_published(tx: Transaction, done: Sequence[tuple[int, int]]) -> None:
    """Mark findings (session row, strip index) as published, in the transaction of the claim."""
    if done:
        sessions, strips = zip(*done, strict=True)
        await tx.execute(_MARK, {"sessions": list(sessions), "strips": list(strips)})


async def publish_again(tx: Transaction, device_id: UUID, since: datetime) -> None:
    """Have a device's strips that end after ``since`` published anew: their wearer may differ."""
    await tx.execute(_AGAIN, {"device": device_id, "since": since})


async def for_session(tx: Transaction, session: int) -> list[StripFinding]:
    """All findings of a session, in order."""
    return [decode(row[0]) for row in await tx.execute(_OF_SESSION, {"session": session})]


def decode(body: str) -> StripFinding:
    """The finding from its JSON, float for float."""
    fields: dict[str, Any] = orjson.loads(body)
    quality, rate, spectrum = fields["quality"], fields["rate"], fields["spectrum"]
    reasons = tuple(RefusalReason(reason) for reason in quality["reasons"])
    seconds = tuple(map(float, quality.get("seconds", ())))
    intervals, hrv = fields.get("intervals"), fields.get("hrv")
    return StripFinding(
        **fields
        | {
            "started_at": datetime.fromisoformat(fields["started_at"]),
            "rate_hz": float(fields["rate_hz"]),
            "abnormal_from": float(fields["abnormal_from"]),
            "quality": Quality(float(quality["score"]), quality["readable"], reasons, seconds),
            "rate": None if rate is None else Rate(**_floats(rate)),
            "spectrum": None if spectrum is None else Spectrum(**_floats(spectrum)),
            "beats": tuple(_beat(beat) for beat in fields["beats"]),
            "rhythm": tuple(_span(span) for span in fields.get("rhythm", ())),
            "intervals": None if intervals is None else _intervals(intervals),
            "hrv": None if hrv is None else _hrv(hrv),
        }
    )


def _floats(fields: dict[str, Any]) -> dict[str, float]:
    return {name: float(value) for name, value in fields.items()}


def _beat(fields: dict[str, Any]) -> Beat:
    name = fields.get("beat_class")
    probability = _float(fields["abnormal_probability"])
    return Beat(fields["sample_index"], probability, None if name is None else BeatClass(name))


def _span(fields: dict[str, Any]) -> RhythmSpan:
    rate = _float(fields["rate_per_min"])
    return RhythmSpan(**fields | {"kind": RhythmKind(fields["kind"]), "rate_per_min": rate})


def _intervals(fields: dict[str, Any]) -> Intervals:
    found = {name: _float(fields[name]) for name in ("qrs_ms", "qt_ms", "qtc_ms")}
    return Intervals(**found, method=fields["method"])


def _hrv(fields: dict[str, Any]) -> Hrv:
    floats = {name: _float(fields[name]) for name in fields if name != "intervals"}
    return Hrv(**fields | floats)


def _float(value: float | None) -> float | None:
    return None if value is None else float(value)
