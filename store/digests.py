"""Sums over published findings, kept by blocks of strips: a report reads blocks, not strips.

A block is summed up when a report is written and goes when a finding of it, or the one before
its first, is published anew; so does the chapter of 32 blocks that it is in. A refresh sums up the
last block and merges it with what is kept: 28 blocks of a day, 12 chapters of a fortnight.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

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
"""51 min at 125 Hz: some 30 ms to sum up."""
CHAPTER_BLOCKS = 32
_BLOCK, _CHAPTER = 0, 1

Worn = tuple[str | None, Digest]
"""A wearer (None: nobody), and what was recorded meanwhile."""

_SESSION = text(
    "SELECT s.chunks, coalesce((SELECT md5(string_agg(concat_ws('|', w.patient_id, w.since,"
    "  w.until), ',' ORDER BY w.since, w.id)) FROM wearing w WHERE w.device_id = s.device_id), '')"
    " FROM monitoring_session s WHERE s.id = :session"
)
_BLOCKS = text(
    "WITH RECURSIVE known (block) AS ("  # noqa: S608 (constants)
    " (SELECT f.strip_index / :strips FROM finding f WHERE f.session = :session"
    "  ORDER BY f.strip_index LIMIT 1)"
    " UNION ALL SELECT (SELECT f.strip_index / :strips FROM finding f"
    "  WHERE f.session = :session AND f.strip_index >= (known.block + 1) * :strips"
    "  ORDER BY f.strip_index LIMIT 1) FROM known WHERE known.block IS NOT NULL)"
    " SELECT known.block, d.body FROM known LEFT JOIN digest d ON d.session = :session"
    f"  AND d.level = {_BLOCK} AND d.number = known.block"
    "  AND d.worn = :worn AND d.format = :format"
    "  AND NOT known.block / :blocks = ANY (CAST(:chapters AS bigint[]))"
    " WHERE known.block IS NOT NULL ORDER BY known.block"
)
_CHAPTERS = text(
    "SELECT number, body FROM digest WHERE session = :session"  # noqa: S608 (constants)
    f" AND level = {_CHAPTER} AND worn = :worn AND format = :format"
)
_FINDINGS = text(
    "SELECT f.body::text,"  # noqa: S608 (constants)
    f" {wearer('s.device_id', 'f.started_at', ENDED_AT)}"
    " FROM finding f JOIN monitoring_session s ON s.id = f.session"
    " WHERE f.session = :session AND f.published AND f.strip_index BETWEEN :first AND :last"
    " ORDER BY f.strip_index"
)
_KEEP = text(
    "INSERT INTO digest (session, level, number, worn, format, body)"
    " VALUES (:session, :level, :number, :worn, :format, :body)"
    " ON CONFLICT (session, level, number) DO UPDATE SET worn = excluded.worn,"
    " format = excluded.format, body = excluded.body"
)
_FORGET = text(
    "DELETE FROM digest d USING unnest(CAST(:sessions AS bigint[]), CAST(:levels AS smallint[]),"
    "  CAST(:numbers AS bigint[])) AS changed (session, level, number)"
    " WHERE d.session = changed.session AND d.level = changed.level AND d.number = changed.number"
)


async def summaries(
    tx: Transaction, session: int, *, keep: bool = False
) -> list[tuple[str | None, Holter]]:
    """What the published findings come to, for each patient who wore the device meanwhile.

    None stands for the time when nobody did. ``chunks_stored`` are those of the whole session.
    With ``keep`` what had to be summed up is kept; the caller must hold the session's report.
    """
    found = (await tx.execute(_SESSION, {"session": session})).one()
    chunks, shelf = int(found[0]), _Shelf(tx, session, str(found[1]), keep)
    whose = _by_wearer(await shelf.parts())
    whose.sort(key=lambda worn: (worn[0] is None, worn[0] or ""))
    return [(patient_id, holter(part, chunks)) for patient_id, part in whose]


async def forget(tx: Transaction, changed: Sequence[tuple[int, int]]) -> None:
    """Let go of what was summed up over these strips (session row, strip index).

    The strip after each has the interval across their border. The caller holds the reports.
    """
    blocks = {(row, (strip + k) // BLOCK_STRIPS) for row, strip in changed for k in (0, 1)}
    gone = {(row, _BLOCK, block) for row, block in blocks}
    gone |= {(row, _CHAPTER, block // CHAPTER_BLOCKS) for row, block in blocks}
    if gone:
        sessions, levels, numbers = map(list, zip(*sorted(gone), strict=True))
        await tx.execute(_FORGET, {"sessions": sessions, "levels": levels, "numbers": numbers})


@dataclass(frozen=True, slots=True)
class _Shelf:
    """A session's digests, as long as they were worn as ``worn`` says."""

    tx: Transaction
    session: int
    worn: str
    keep: bool

    async def parts(self) -> list[Worn]:
        """All there is in order: whole chapters as one, the last one block by block."""
        asked = {"session": self.session, "worn": self.worn, "format": FORMAT}
        chapters = {row[0]: row[1] for row in await self.tx.execute(_CHAPTERS, asked)}
        sizes = {"strips": BLOCK_STRIPS, "blocks": CHAPTER_BLOCKS, "chapters": list(chapters)}
        blocks = [(row[0], row[1]) for row in await self.tx.execute(_BLOCKS, asked | sizes)]
        last = blocks[-1][0] // CHAPTER_BLOCKS if blocks else 0
        parts: list[Worn] = []
        for chapter, inside in groupby(blocks, key=lambda block: block[0] // CHAPTER_BLOCKS):
            if chapter in chapters:
                parts += decode(chapters[chapter])
                continue
            found = [part for number, body in inside for part in await self._block(number, body)]
            if chapter < last:
                found = _by_wearer(found)
                await self._keep(_CHAPTER, chapter, found)
            parts += found
        return parts

    async def _block(self, number: int, body: str | None) -> list[Worn]:
        if body is not None:
            return decode(body)
        parts = await _sum_up(self.tx, self.session, number)
        await self._keep(_BLOCK, number, parts)
        return parts

    async def _keep(self, level: int, number: int, parts: list[Worn]) -> None:
        if self.keep:
            place = {"session": self.session, "level": level, "number": number}
            content = {"worn": self.worn, "format": FORMAT, "body": encode(parts)}
            await self.tx.execute(_KEEP, place | content)


def _by_wearer(parts: Sequence[Worn]) -> list[Worn]:
    whose: dict[str | None, list[Digest]] = {}
    for patient_id, part in parts:
        whose.setdefault(patient_id, []).append(part)
    return [(patient_id, merged(found)) for patient_id, found in whose.items()]


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
