"""The latest of each code by a bounded number of looks, and what is known to be there."""

from collections.abc import AsyncIterator

import pytest
from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, event, text
from sqlalchemy.ext.asyncio import AsyncConnection

from core.errors import TooCostly
from fhir.codes import HEART_RATE, RR_MEAN, concept
from fhir.search.indexing import draft
from fhir.search.registry import TYPES
from fhir.search.request import Limits, Pair, parse
from hisbundle.migrate import alembic_config
from store import latest
from store.criteria import Query
from store.database import Database
from store.index import Token
from store.resources import put_many
from tests.api.support import heart_rate, strip

_VITAL, _PROCEDURE = (
    tuple(sorted(Token("category", name, "s", leads=False).keys)) for name in ("vital", "procedure")
)
_LINES = 20_000
_FILL = [
    "INSERT INTO resource (type, id, version, last_updated, patient_id, at, until, digest, body,"  # noqa: S608 (numbers)
    " filters)"
    " SELECT 'Observation', 'o' || n, 1, timestamptz '2026-01-01Z' + n * interval '1 s', 'p',"
    " timestamptz '2026-01-01Z' + n * interval '1 s',"
    " timestamptz '2026-01-01Z' + n * interval '1 s', '', '{}',"
    f" CASE WHEN n % 20 < 10 THEN ARRAY{list(_VITAL)} ELSE ARRAY{list(_PROCEDURE)} END::bigint[]"
    f" FROM generate_series(1, {_LINES}) AS n",
    "INSERT INTO resource_token (type, id, param, code, systems, patient_id, at, until)"
    " SELECT r.type, r.id, 'code', 'c' || (substr(r.id, 2)::int % 20), ARRAY['s'],"
    " r.patient_id, r.at, r.until FROM resource r",
    "INSERT INTO resource_concept (type, patient_id, key, param, codes, systems, filters)"  # noqa: S608 (numbers)
    " SELECT 'Observation', 'p', n, 'code', ARRAY['c' || n], ARRAY['s'],"
    f" CASE WHEN n < 10 THEN ARRAY{list(_VITAL)} ELSE ARRAY{list(_PROCEDURE)} END::bigint[]"
    " FROM generate_series(0, 19) AS n",
    "INSERT INTO resource_concept (type, patient_id, key, param, codes, systems, filters)"
    " SELECT 'Observation', 'q' || n, n, 'code', ARRAY['c'], ARRAY['s'], ARRAY[]::bigint[]"
    " FROM generate_series(1, 10000) AS n",
]


@pytest.fixture
async def tx(database: Database) -> AsyncIterator[AsyncConnection]:
    async with database.transaction() as opened:
        for statement in _FILL:
            await opened.execute(text(statement))
        yield opened


def _query(*pairs: Pair) -> Query:
    return parse(TYPES["Observation"], pairs, Limits(50, 50), "").query


async def _found(tx: AsyncConnection, query: Query, count: int) -> list[str]:
    codes = latest.coded(query, await latest.concepts(tx, query, "p"))
    return [x.document.id for x in await latest.latest(tx, query, "p", codes, count)]


async def _explained(tx: AsyncConnection, query: Query, count: int) -> str:
    sent: list[tuple[str, tuple[object, ...]]] = []

    def remember(_c: object, _u: object, statement: str, values: tuple[object, ...],
                 *_: object) -> None:  # fmt: skip
        sent.append((statement, values))

    event.listen(tx.sync_connection, "before_cursor_execute", remember)
    await _found(tx, query, count)
    event.remove(tx.sync_connection, "before_cursor_execute", remember)
    plans = []
    for statement, values in sent:
        rows = await tx.exec_driver_sql(
            f"EXPLAIN (ANALYZE, BUFFERS, COSTS OFF) {statement}", values
        )
        plans.append("\n".join(row[0] for row in rows))
    return "\n".join(plans)


QUERIES: list[tuple[Pair, ...]] = [
    (("category", "vital"),),
    (("category", "s|procedure"), ("date", "ge2026-01-01T05:00:00Z")),
    (("category", "vital,procedure"),),
    (("code", "s|c3"),),
    (("code", "c3"), ("code", "s|c3")),
]


@pytest.mark.parametrize("analysed", [False, True])
async def test_the_latest_are_found_by_a_few_looks(tx: AsyncConnection, analysed: bool) -> None:
    if analysed:
        await tx.execute(text("ANALYZE resource, resource_token, resource_concept"))
    for pairs in QUERIES:
        query = _query(("patient", "p"), *pairs)
        plan = await _explained(tx, query, 1)
        assert "Seq Scan" not in plan, plan
        assert "Sort" not in plan, plan
        assert "resource_token_code_idx" in plan
        loops = [
            int(word.partition("=")[2].rstrip(")")) for word in plan.split() if "loops=" in word
        ]
        assert max(loops) <= 41, plan  # one beyond the newest of 20 codes, to see that it is no tie


async def test_what_is_latest(tx: AsyncConnection) -> None:
    vital = _query(("patient", "p"), ("category", "vital"))
    assert await _found(tx, vital, 1) == [
        f"o{_LINES}",
        *(f"o{_LINES - 20 + n}" for n in range(1, 10)),
    ]
    early = _query(("patient", "p"), ("code", "c7"), ("date", "lt2026-01-01T00:01:00Z"))
    assert await _found(tx, early, 2) == ["o47", "o27"]
    with pytest.raises(TooCostly):
        await _found(tx, vital, 101)


async def test_too_many_codes(tx: AsyncConnection) -> None:
    await tx.execute(text("UPDATE resource_concept SET patient_id = 'p', key = key + 20"
                          " WHERE patient_id <> 'p'"))  # fmt: skip
    with pytest.raises(TooCostly):
        await latest.concepts(tx, _query(("patient", "p"), ("category", "vital")), "p")


async def test_a_batch_writes_each_concept_once(database: Database) -> None:
    async with database.transaction() as tx:
        await put_many(tx, [draft(heart_rate(f"h{n}", minute=n)) for n in range(50)])
        await put_many(tx, [draft(heart_rate(f"h{n}", minute=n + 1)) for n in range(50)])
        rows = await tx.execute(text("SELECT codes FROM resource_concept"))
        assert rows.scalars().all() == [["8867-4"]]


async def test_the_concepts_of_what_was_stored_before(database: Database) -> None:
    """The migration finds what writing finds."""
    long = heart_rate("long") | {"code": {"text": "p" * 700}}
    plain = heart_rate("plain")
    del plain["category"]
    both = heart_rate("both") | {"code": concept(HEART_RATE, RR_MEAN)}
    nobody = heart_rate("nobody") | {"subject": {"reference": "Device/d1"}}
    stored = [heart_rate("h"), heart_rate("i", "p2"), strip("s"), long, plain, both, nobody]

    async def rows(tx: AsyncConnection) -> list[tuple[object, ...]]:
        found = await tx.execute(text("SELECT * FROM resource_concept ORDER BY patient_id, key"))
        alone = await tx.execute(
            text("SELECT * FROM resource_token WHERE param = 'code:alone' ORDER BY id")
        )
        return [tuple(row) for row in (*found, *alone)]

    async with database.transaction() as tx:
        await put_many(tx, [draft(body) for body in stored])
        written = await rows(tx)
        assert len(written) == 7
        await tx.run_sync(_again)
        assert await rows(tx) == written


def _again(connection: Connection) -> None:
    config = alembic_config(connection)
    revision = ScriptDirectory.from_config(config).get_revision("2026_11_23_concepts")
    command.downgrade(config, str(revision.down_revision))
    command.upgrade(config, "head")
