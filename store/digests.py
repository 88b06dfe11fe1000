"""Sums over published findings, kept by blocks of strips: a report reads blocks, not strips.

A block is summed up when a report is written and goes when a finding of it, or the one before
its first, is published anew. A day is 29 blocks, and a refresh sums up the last of them.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import text

from core.ecg import StripFinding
from core.holter.digest import Digest, merged
from core.holter.strip import digest
from core.holter.summary import Holter, holter
from store.database import Transaction
from store.digest_codec import FORMAT, decode, encode
from store.findings import ENDED_AT
from store.findings import decode as finding_of
from store.worn import wearer

BLOCK_STRIPS = 256
"""51 min at 125 Hz: some 15 ms to sum up, and 334 of them in a fortnight."""

Worn = tuple[str | None, Digest]
"""A wearer (None: nobody), and what was recorded meanwhile."""

_SESSION = text(
    "SELECT s.chunks, coalesce((SELECT md5(string_agg(concat_ws('|', w.patient_id, w.since,"
    "  w.until), ',' ORDER BY w.since, w.id)) FROM wearing w WHERE w.device_id = s.device_id), '')"
    " FROM monitoring_session s WHERE s.id = :session"
)
_BLOCKS = text(
    "WITH RECURSIVE known (block) AS ("
    " (SELECT f.strip_index / :strips FROM finding f WHERE f.session = :session"
    "  ORDER BY f.strip_index LIMIT 1)"
    " UNION ALL SELECT (SELECT f.strip_index / :strips FROM finding f"
    "  WHERE f.session = :session AND f.strip_index >= (known.block + 1) * :strips"
    "  ORDER BY f.strip_index LIMIT 1) FROM known WHERE known.block IS NOT NULL)"
    " SELECT known.block, d.body FROM known LEFT JOIN digest d ON d.session = :session"
    "  AND d.block = known.block AND d.worn = :worn AND d.format = :format"
    " WHERE known.block IS NOT NULL ORDER BY known.block"
)
_FINDINGS = text(
    "SELECT f.body::text,"  # noqa: S608 (constants)
    f" {wearer('s.device_id', 'f.started_at', ENDED_AT)}"
    " FROM finding f JOIN monitoring_session s ON s.id = f.session"
    " WHERE f.session = :session AND f.published AND f.strip_index BETWEEN :first AND :last"
    " ORDER BY f.strip_index"
)
_KEEP = text(
    "INSERT INTO digest (session, block, worn, format, body)"
    " VALUES (:session, :block, :worn, :format, :body)"
    " ON CONFLICT (session, block) DO UPDATE SET worn = excluded.worn,"
    " format = excluded.format, body = excluded.body"
)
_FORGET = text(
    "DELETE FROM digest d USING unnest(CAST(:sessions AS bigint[]), CAST(:blocks AS bigint[]))"
    " AS changed (session, block) WHERE d.session = changed.session AND d.block = changed.block"
)


async def summaries(
    tx: Transaction, session: int, *, keep: bool = False
) -> list[tuple[str | None, Holter]]:
    """What the published findings come to, for each patient who wore the device meanwhile.

    None stands for the time when nobody did. ``chunks_stored`` are those of the whole session.
    With ``keep`` what had to be summed up is kept; the caller must hold the session's report.
    """
    found = (await tx.execute(_SESSION, {"session": session})).one()
    chunks, worn = int(found[0]), str(found[1])
    asked = {"session": session, "strips": BLOCK_STRIPS, "worn": worn, "format": FORMAT}
    whose: dict[str | None, list[Digest]] = {}
    for block, body in list(await tx.execute(_BLOCKS, asked)):
        parts = await _sum_up(tx, session, block) if body is None else decode(body)
        if keep and body is None:
            await _keep(tx, session, block, worn, parts)
        for patient_id, part in parts:
            whose.setdefault(patient_id, []).append(part)
    ordered = sorted(whose, key=lambda patient_id: (patient_id is None, patient_id or ""))
    return [(patient_id, holter(merged(whose[patient_id]), chunks)) for patient_id in ordered]


async def forget(tx: Transaction, changed: Sequence[tuple[int, int]]) -> None:
    """Let go of what was summed up over these strips (session row, strip index).

    The strip after each has the interval across their border. The caller holds the reports.
    """
    touched = {(row, (strip + k) // BLOCK_STRIPS) for row, strip in changed for k in (0, 1)}
    if touched:
        sessions, blocks = zip(*sorted(touched), strict=True)
        await tx.execute(_FORGET, {"sessions": list(sessions), "blocks": list(blocks)})


async def _sum_up(tx: Transaction, session: int, block: int) -> list[Worn]:
    """The block's digest for each of its wearers."""
    first = block * BLOCK_STRIPS
    asked = {"session": session, "first": first - 1, "last": first + BLOCK_STRIPS - 1}
    found: dict[str | None, list[StripFinding]] = {}
    for body, patient_id in await tx.execute(_FINDINGS, asked):
        found.setdefault(patient_id, []).append(finding_of(body))
    parts: list[Worn] = []
    for patient_id, findings in found.items():
        before = findings.pop(0) if findings[0].strip_index < first else None
        if findings:
            parts.append((patient_id, digest(findings, before)))
    return parts


async def _keep(tx: Transaction, session: int, block: int, worn: str, parts: list[Worn]) -> None:
    row: dict[str, Any] = {"session": session, "block": block, "worn": worn, "format": FORMAT}
    await tx.execute(_KEEP, row | {"body": encode(parts)})
