"""What is safely stored of a session: the watermark, and the ranges above it.

Runs of consecutive numbers are found by "gaps and islands" in SQL, but only near the numbers
just written: a number that a device lost for good would otherwise make every later batch
read the whole session again. The watermark reads each stored number once, when it passes it.
"""

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from operator import itemgetter
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from store.database import driver
from store.monitoring import LockedSession

REACH = 512
"""How far around the written numbers we look for more to acknowledge."""
STRIDE = 4096
"""How many numbers the watermark reads at a time when it passes older islands."""
LISTED = 32
"""Ranges that we list beyond those just written, so that a lost answer is made good."""

Run = tuple[int, int]
"""Consecutive stored numbers, first and last."""

_ISLANDS = """
SELECT session, min(seq), max(seq) FROM (
    SELECT c.session, c.seq,
        c.seq - row_number() OVER (PARTITION BY c.session ORDER BY c.seq) AS island
    FROM unnest($1::bigint[], $2::bigint[], $3::bigint[]) AS span (session, low, high)
    JOIN chunk c ON c.session = span.session AND c.seq BETWEEN span.low AND span.high
) AS numbered GROUP BY session, island ORDER BY 1, 2
"""
_ADVANCE = """
UPDATE monitoring_session s SET watermark = given.watermark,
    chunks = s.chunks + given.inserted, last_received_at = clock_timestamp()
FROM unnest($1::bigint[], $2::bigint[], $3::bigint[]) AS given (id, watermark, inserted)
WHERE s.id = given.id
"""


@dataclass(slots=True)
class Touched:
    """A locked session, the numbers of it that a batch holds, and how many were new."""

    session: LockedSession
    seqs: set[int]
    inserted: int = 0


@dataclass(frozen=True, slots=True)
class Custody:
    """What is stored of a session once the transaction commits.

    All ``seq < watermark``, and the closed ``ranges`` above it, ascending: every run that
    holds a number of the batch, and some around it.
    """

    device_id: UUID
    key_epoch: int
    session_id: bytes
    watermark: int
    ranges: tuple[Run, ...]


async def settle(tx: AsyncConnection, touched: Iterable[Touched]) -> list[Custody]:
    """Advance the watermarks and counts of the sessions, and say what is held of each."""
    connection = await driver(tx)
    work = list(touched)
    spans = [
        (t.session.row, *span) for t in work for span in spans_around(t.session.watermark, t.seqs)
    ]
    islands = await _islands(connection, spans)
    highs = {(row, high) for row, _, high in spans}
    held: list[Custody] = []
    for t in work:
        runs = islands.get(t.session.row, [])
        watermark = _watermark(t.session.watermark, runs)
        if (t.session.row, watermark - 1) in highs:
            watermark = await _pass_islands(connection, t.session.row, watermark)
        above = [run for run in runs if run[0] > watermark]
        s = t.session
        ranges = tuple(listed(above, t.seqs))
        held.append(Custody(s.device_id, s.key_epoch, s.session_id, watermark, ranges))
    news = [(t.session.row, h.watermark, t.inserted) for t, h in zip(work, held, strict=True)]
    news = [new for new in news if new[2]]
    if news:
        await connection.execute(_ADVANCE, *zip(*news, strict=True))
    return held


def spans_around(watermark: int, seqs: set[int]) -> list[Run]:
    """The stretches of numbers to look at: ``REACH`` around ``seqs``, not below the watermark."""
    above = sorted(seq for seq in seqs if seq >= watermark)
    if not above:
        return []
    breaks = [i for i, (a, b) in enumerate(pairwise(above), 1) if b - a > 2 * REACH + 1]
    clusters = [above[a:b] for a, b in zip([0, *breaks], [*breaks, len(above)], strict=True)]
    return [(max(watermark, c[0] - REACH), min(c[-1] + REACH, 2**63 - 1)) for c in clusters]


def listed(runs: list[Run], seqs: set[int]) -> list[Run]:
    """The runs that hold one of ``seqs``, filled up to ``LISTED`` with the latest others."""
    places = {bisect_right(runs, seq, key=itemgetter(0)) - 1 for seq in seqs}
    ours = [run for i, run in enumerate(runs) if i in places]
    others = [run for i, run in enumerate(runs) if i not in places]
    room = max(0, LISTED - len(ours))
    return sorted(ours + others[len(others) - min(room, len(others)) :])


def _watermark(old: int, runs: list[Run]) -> int:
    return next((last + 1 for first, last in runs if first == old), old)


async def _pass_islands(connection: Any, row: int, watermark: int) -> int:
    """Read on from a stretch's end, until a number is missing."""
    while True:
        span = (row, watermark, min(watermark + STRIDE - 1, 2**63 - 1))
        passed = _watermark(watermark, (await _islands(connection, [span])).get(row, []))
        if passed - watermark < STRIDE:
            return passed
        watermark = passed


async def _islands(connection: Any, spans: list[tuple[int, int, int]]) -> dict[int, list[Run]]:
    if not spans:
        return {}
    runs: dict[int, list[Run]] = {}
    for row, first, last in await connection.fetch(_ISLANDS, *zip(*spans, strict=True)):
        runs.setdefault(row, []).append((first, last))
    return runs
