"""The trail's tables: append-only, chained, and what happens behind their backs is found."""

import asyncio
from collections.abc import Sequence
from itertools import pairwise

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from core.audit import EMPTY, Entry, Head
from store import audit
from store.audit_chain import Verdict, verify
from store.audit_search import AuditQuery, Condition, Field, statement
from store.away import sqlstate
from store.database import Database

ENTRY = Entry(
    interaction="read",
    method="GET",
    request=b"GET http://ecg.test/fhir/Patient/p?x=\xff\x00",
    status=200,
    outcome=0,
    client="c",
    patient="p",
    type="Patient",
    resource_id="p",
    reason="Žofie \N{HEAVY BLACK HEART}\N{EARTH GLOBE EUROPE-AFRICA}",
)


async def append(database: Database, entries: Sequence[Entry]) -> Head:
    async with database.connection() as connection:
        return await audit.append(connection, entries)


async def check(database: Database, remembered: Head | None = None) -> Verdict:
    async with database.transaction() as tx:
        return await verify(tx, remembered)


async def fill(database: Database, batches: int = 4, size: int = 3) -> Head:
    head = EMPTY
    for batch in range(batches):
        head = await append(
            database, [ENTRY._replace(resource_id=f"{batch}.{n}") for n in range(size)]
        )
    return head


async def tamper(database: Database, *statements: str) -> None:
    """What a superuser can do who takes the triggers away."""
    async with database.transaction() as tx:
        await tx.execute(text("SET LOCAL session_replication_role = replica"))
        for statement in statements:
            await tx.execute(text(statement))


async def test_an_empty_trail_is_right(database: Database) -> None:
    assert await check(database) == Verdict(EMPTY, 0)


async def test_batches_follow_each_other(database: Database) -> None:
    made = await fill(database)
    async with database.transaction() as tx:
        assert await audit.head(tx) == made
    assert (made.number, made.last_seq) == (4, 12)
    assert await check(database) == Verdict(made, 12)
    assert await check(database, made) == Verdict(made, 12)


async def test_many_writers_never_fork_the_chain(database: Database) -> None:
    await asyncio.gather(*(fill(database, 5, 2) for _ in range(8)))
    verdict = await check(database)
    assert (verdict.head.number, verdict.entries, verdict.broken) == (40, 80, None)
    async with database.transaction() as tx:
        times = (
            await tx.execute(text("SELECT committed_at FROM audit_batch ORDER BY number"))
        ).scalars()
        found = list(times)
    assert all(a < b for a, b in pairwise(found))


@pytest.mark.parametrize("table", ["audit_entry", "audit_batch"])
@pytest.mark.parametrize("change", ["UPDATE {0} SET {1} = {1}", "DELETE FROM {0}", "TRUNCATE {0}"])
async def test_nothing_is_changed_or_deleted(database: Database, table: str, change: str) -> None:
    made = await fill(database)
    column = "outcome" if table == "audit_entry" else "digest"
    with pytest.raises(DBAPIError) as refused:
        async with database.transaction() as tx:
            await tx.execute(text(change.format(table, column)))
    assert sqlstate(refused.value) == "42501"
    assert "append-only" in str(refused.value)
    assert await check(database) == Verdict(made, 12)


async def test_who_does_not_own_the_tables_may_append_and_read_only(database: Database) -> None:
    async with database.transaction() as tx:
        await tx.execute(text("CREATE ROLE audit_writer"))
        await tx.execute(text("GRANT SELECT, INSERT ON audit_entry, audit_batch TO audit_writer"))
    try:
        async with database.connection() as connection:
            await connection.execute("SET ROLE audit_writer")
            await audit.append(connection, [ENTRY])
            for right in ("UPDATE", "DELETE", "TRUNCATE"):
                query = f"SELECT has_table_privilege('audit_entry', '{right}')"
                assert not await connection.fetchval(query)
            await connection.execute("RESET ROLE")
        assert (await check(database)).entries == 1
    finally:
        async with database.transaction() as tx:
            await tx.execute(text("DROP OWNED BY audit_writer"))
            await tx.execute(text("DROP ROLE audit_writer"))


_MOVE = "UPDATE audit_entry SET seq = {} WHERE seq = {}"


@pytest.mark.parametrize(
    ("statements", "batch"),
    [
        (("UPDATE audit_entry SET patient = 'other' WHERE seq = 5",), 2),
        (("UPDATE audit_entry SET patient = NULL WHERE seq = 5",), 2),
        (("UPDATE audit_entry SET recorded_at = recorded_at + interval '1 h' WHERE seq = 5",), 2),
        (("DELETE FROM audit_entry WHERE seq = 5",), 2),
        ((_MOVE.format(99, 4), _MOVE.format(4, 5), _MOVE.format(5, 99)), 2),
        (
            ("DELETE FROM audit_entry WHERE batch = 3", "DELETE FROM audit_batch WHERE number = 3"),
            3,
        ),
        (
            (
                "INSERT INTO audit_entry SELECT 13, 4, recorded_at, interaction, method, request,"
                " status, outcome FROM audit_entry WHERE seq = 12",
            ),
            None,
        ),
        (
            (
                "INSERT INTO audit_entry SELECT 13, 4, recorded_at, interaction, method, request,"
                " status, outcome FROM audit_entry WHERE seq = 12",
                "UPDATE audit_batch SET last_seq = 13 WHERE number = 4",
            ),
            4,
        ),
        (("UPDATE audit_batch SET digest = previous WHERE number = 2",), 2),
        (("UPDATE audit_batch SET committed_at = now() WHERE number = 1",), 1),
    ],
)
async def test_what_was_done_behind_its_back_is_found(
    database: Database, statements: tuple[str, ...], batch: int | None
) -> None:
    await fill(database)
    await tamper(database, *statements)
    told = (await check(database)).broken
    assert told is not None
    assert told.startswith("entry 13 " if batch is None else f"batch {batch}: "), told


async def test_an_end_cut_off_is_found_by_the_remembered_head(database: Database) -> None:
    made = await fill(database)
    await tamper(
        database,
        "DELETE FROM audit_entry WHERE batch = 4",
        "DELETE FROM audit_batch WHERE number = 4",
    )
    assert (await check(database)).broken is None
    told = (await check(database, made)).broken
    assert told is not None
    assert str(made) in told


@pytest.mark.parametrize(
    ("conditions", "index"),
    [
        ((), "audit_entry_at_idx"),
        ((Condition(Field.PATIENT, ("p7",)),), "audit_entry_patient_at_idx"),
        ((Condition(Field.CLIENT, ("c7",)),), "audit_entry_client_at_idx"),
        ((Condition(Field.ENTITY, (("Patient", "r7"),)),), "audit_entry_resource_at_idx"),
    ],
)
async def test_searches_follow_an_index(
    database: Database, conditions: tuple[Condition, ...], index: str
) -> None:
    many = [
        ENTRY._replace(patient=f"p{n}", client=f"c{n}", resource_id=f"r{n}") for n in range(5000)
    ]
    await append(database, many)
    query = statement(AuditQuery(conditions, descending=True), 51)
    async with database.transaction() as tx:
        compiled = query.compile(dialect=tx.dialect, compile_kwargs={"literal_binds": True})
        await tx.execute(text("ANALYZE audit_entry"))
        plan = "\n".join((await tx.execute(text(f"EXPLAIN {compiled}"))).scalars())
    assert index in plan, plan
    assert "Seq Scan" not in plan


async def test_a_batch_is_written_whole_or_not_at_all(database: Database) -> None:
    with pytest.raises(asyncpg.DataError):
        await append(database, [ENTRY, ENTRY._replace(status=10**6)])
    assert await check(database) == Verdict(EMPTY, 0)
    assert (await append(database, [ENTRY])).number == 1
