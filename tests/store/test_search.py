"""Plans of the searches that hospitals send most: none reads a whole table."""

from collections.abc import AsyncIterator

import pytest
from sqlalchemy import event, text
from sqlalchemy.ext.asyncio import AsyncConnection

from core.errors import Unavailable
from fhir.search.registry import TYPES
from fhir.search.request import Limits, Pair, parse
from store import search
from store.database import Database
from store.index import Token
from store.resources import Draft, latest_stamp, put_many
from store.search import begin

_FILTERS = (Token("status", "final", "s", leads=False), Token("category", "x", "s", leads=False))
_SHARED = f"{{{','.join(str(key) for token in _FILTERS for key in token.keys)}}}"
_FILL = [
    "INSERT INTO resource (type, id, version, last_updated, patient_id, at, until, digest, body,"  # noqa: S608 (numbers)
    " filters)"
    " SELECT 'Observation', 'o' || n, 1, timestamptz '2026-01-01Z' + n * interval '1 s',"
    " 'p' || n % 10, timestamptz '2026-01-01Z' + n * interval '1 s',"
    " timestamptz '2026-01-01Z' + n * interval '1 s' + CASE n % 1000 WHEN 0 THEN interval '2 days'"
    f" ELSE interval '12 s' END, '', '{{}}', '{_SHARED}' FROM generate_series(1, 30000) AS n",
    "INSERT INTO resource_token (type, id, param, code, systems, patient_id, at, until)"
    " SELECT r.type, r.id, 'code', 'c' || (substr(r.id, 2)::int / 10 % 4), ARRAY['s'],"
    " r.patient_id, r.at, r.until FROM resource r",
    "ANALYZE resource",
    "ANALYZE resource_token",
]


@pytest.fixture
async def tx(database: Database) -> AsyncIterator[AsyncConnection]:
    async with database.transaction() as opened:
        for statement in _FILL:
            await opened.execute(text(statement))
        yield opened


async def _plan(tx: AsyncConnection, *pairs: Pair) -> str:
    """What Postgres did for a page of 50, with row counts."""
    query = parse(TYPES["Observation"], pairs, Limits(50, 50), "").query
    sent: list[tuple[str, tuple[object, ...]]] = []

    def remember(_c: object, _u: object, statement: str, values: tuple[object, ...],
                 *_: object) -> None:  # fmt: skip
        sent.append((statement, values))

    event.listen(tx.sync_connection, "before_cursor_execute", remember)
    await search.find(tx, query, 51)
    event.remove(tx.sync_connection, "before_cursor_execute", remember)
    (statement, values) = sent[0]
    rows = await tx.exec_driver_sql(f"EXPLAIN (ANALYZE, COSTS OFF) {statement}", values)
    return "\n".join(row[0] for row in rows)


USUAL: list[tuple[Pair, ...]] = [
    (("patient", "p1"), ("code", "c1")),
    (("patient", "p1"), ("code", "s|c1"), ("date", "ge2026-01-01T08:00:00Z")),
    (("patient", "p1"), ("code", "c1"), ("date", "lt2026-01-01T01:00:00Z")),
    (("patient", "p1"), ("category", "x")),
    (("patient", "p1"), ("category", "x"), ("status", "final")),
    (("patient", "p1"), ("category", "x"), ("date", "2026-01-01")),
    (("patient", "p1"),),
    (("_lastUpdated", "gt2026-01-01T08:15:00Z"), ("_sort", "_lastUpdated")),
    (("code", "c1"),),
    (("_id", "o77"),),
    (("status", "entered-in-error"),),
    (("component-code", "never"), ("status", "final")),
]


async def test_no_usual_search_reads_a_whole_table(tx: AsyncConnection) -> None:
    for pairs in USUAL:
        plan = await _plan(tx, *pairs)
        assert "Seq Scan" not in plan, f"{pairs}\n{plan}"
    # One patient, one code: the index gives the page in its order, from near the wanted time.
    plan = await _plan(tx, ("patient", "p1"), ("code", "c1"), ("date", "gt2026-01-01T08:19:00Z"))
    assert "resource_token_code_idx" in plan
    assert "resource_token_long_idx" in plan
    assert "Sort" not in plan


async def test_a_search_is_bounded_in_time(database: Database) -> None:
    async with database.transaction() as tx:
        await put_many(tx, [Draft("Patient", "p", {"resourceType": "Patient", "id": "p"})])
    with pytest.raises(Unavailable):
        async with database.transaction() as tx:
            assert await begin(tx, 0.05) == await latest_stamp(tx)
            await tx.execute(text("SELECT pg_sleep(5)"))
    async with database.transaction() as tx:
        await tx.execute(text("SELECT pg_sleep(0.1)"))  # the bound went with its transaction
