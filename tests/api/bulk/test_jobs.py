"""The life of a job: asked after, cancelled, expired, given up; and whose it is."""

import pytest
from sqlalchemy import text

from api.bulk.pace import DOWNLOADS_MAX, POLLS_MAX, Pace
from api.bulk.worker import BulkWorker
from core.errors import TooBusy
from store.database import Database
from tests.api.bulk.conftest import Named
from tests.api.bulk.support import ASYNC, export, fetch, order, work
from tests.api.conftest import Scoped
from tests.api.support import Client, flag, heart_rate, patient, store

NARROW = "system/Flag.rs?category=safety"


async def _execute(database: Database, statement: str) -> None:
    async with database.transaction() as tx:
        await tx.execute(text(statement))


async def test_a_running_job_tells_how_far_it_is(client: Client, database: Database) -> None:
    await store(database, *[patient(f"p{n}") for n in range(5)])
    status = await order(client, "$export?_type=Patient,Flag")
    answer = await client.get(status, 202)
    assert answer.headers["x-progress"] == "0 resources so far, type 1 of 2"
    assert answer.headers["retry-after"] == "2"
    worker = BulkWorker(database, life_s=60, lines=3)
    await worker.turn()
    answer = await client.get(status, 202)
    assert answer.headers["x-progress"] == "3 resources so far, type 1 of 2"
    await client.get(f"{status}/2.ndjson", 404)
    await work(database, 3)
    assert (await fetch(client, status)).ids("Patient") == [f"p{n}" for n in range(5)]


async def test_who_asks_too_often_is_told_to_wait(client: Client) -> None:
    status = await order(client, "$export")
    for _ in range(POLLS_MAX):
        await client.get(status, 202)
    assert (await client.get(status, 429)).headers["retry-after"]


def test_polls_are_counted_anew_after_a_while() -> None:
    now = 0.0
    pace = Pace(lambda: now)
    for _ in range(POLLS_MAX):
        pace.poll("a")
    with pytest.raises(TooBusy):
        pace.poll("a")
    pace.poll("b")
    now = 20.0
    pace.poll("a")
    for n in range(2000):
        pace.poll(f"c{n}")


def test_so_many_files_are_fetched_at_once() -> None:
    pace = Pace()
    running = [pace.download() for _ in range(DOWNLOADS_MAX)]
    for one in running:
        one.__enter__()
    with pytest.raises(TooBusy), pace.download():
        pass
    running[0].__exit__(None, None, None)
    with pace.download():
        pass


async def test_a_cancelled_job_is_gone(client: Client, database: Database) -> None:
    await store(database, *[patient(f"p{n}") for n in range(5)])
    status = await order(client, "$export")
    await BulkWorker(database, life_s=60, lines=3).turn()
    await client.send("DELETE", status, 202)
    await client.get(status, 404)
    await client.send("DELETE", status, 404)
    await work(database)
    made = await export(client, database)
    await client.send("DELETE", made.status, 202)
    await client.get(made.manifest["output"][0]["url"], 404)
    await _execute(database, "SELECT 1 / (1 - count(*)) FROM job_part")


async def test_an_expired_job_is_gone(client: Client, database: Database) -> None:
    await store(database, patient("p1"))
    made = await export(client, database)
    await _execute(database, "UPDATE job SET expires_at = now()")
    await client.get(made.status, 404)
    await client.get(made.manifest["output"][0]["url"], 404)
    await BulkWorker(database, life_s=60).tidy()
    await _execute(database, "SELECT 1 / (1 - count(*)) FROM job")
    await _execute(database, "SELECT 1 / (1 - count(*)) FROM job_part")


async def test_a_job_that_fails_again_and_again_is_given_up(
    client: Client, database: Database
) -> None:
    broken = await order(client, "$export?_typeFilter=Flag%3Fstatus%3Dactive")
    later = await order(client, "$export")
    await _execute(
        database,
        """UPDATE job SET request = jsonb_set(request, '{steps}', '[["Flag", false, ["x=1"]]]')
        WHERE request ->> 'url' LIKE '%typeFilter%'""",
    )
    await work(database)
    told = (await client.get(broken, 413)).json()
    assert "given up" in told["issue"][0]["diagnostics"]
    assert (await fetch(client, later)).lines == {}
    await client.send("DELETE", broken, 202)


async def test_a_job_is_its_clients_alone(
    named: Named, with_scopes: Scoped, database: Database
) -> None:
    await store(database, patient("p1"))
    one, other = named("one"), named("other")
    made = await export(one, database)
    (file,) = made.manifest["output"]
    for client in (other, with_scopes("system/Flag.rs")):
        await client.get(made.status, 404)
        await client.get(file["url"], 404)
        await client.send("DELETE", made.status, 404)
    assert (await fetch(with_scopes("system/*.rs"), made.status)).ids("Patient") == ["p1"]
    ours = await export(with_scopes("system/*.rs"), database)
    await one.get(ours.status, 404)
    await one.get(f"{made.status}/x.ndjson", 404)
    await one.get(f"{made.status}/2.ndjson", 404)


async def test_scopes_that_are_narrowed_narrow_the_export(named: Named, database: Database) -> None:
    def marked(name: str, code: str) -> dict[str, object]:
        category = [{"coding": [{"system": "urn:x", "code": code}]}]
        return flag(name, "p1", "active", "2026-03-01") | {"category": category}

    await store(database, marked("f1", "safety"), marked("f2", "other"), marked("f3", "safety"))
    narrow = named("one", NARROW)
    made = await export(narrow, database, "$export?_since=2020-01-01")
    assert made.ids("Flag") == ["f1", "f3"]
    assert made.manifest["deleted"] == []
    later = await export(narrow, database, "Flag?status=active")
    assert later.ids("Flag") == ["f1", "f3"]


async def test_the_token_that_fetches_must_still_show_it(named: Named, database: Database) -> None:
    await store(database, heart_rate("o1"), patient("p1"))
    made = await export(named("one"), database)
    patients, observations = (file["url"] for file in made.manifest["output"])
    if made.manifest["output"][0]["type"] != "Patient":
        patients, observations = observations, patients
    less = named("one", "system/Observation.rs?category=vital-signs", "system/Patient.rs")
    await less.get(made.status)
    await less.get(patients)
    await less.get(observations, 403)
    await named("one", "system/Observation.rs", "system/Patient.r").get(patients, 403)


async def test_nobody_without_a_token(stranger: Client) -> None:
    for path in ("$export", "Patient/$export", "Group/g/$export", "_jobs/x", "_jobs/x/1.ndjson"):
        await stranger.get(path, 401, headers=ASYNC)


async def test_the_stream_starts_when_the_patients_are_known(
    client: Client, database: Database
) -> None:
    people = [f"p{n}" for n in range(3)]
    await store(database, *[heart_rate(f"o{n}", people[n]) for n in range(3)])
    await export(client, database, "$export?_type=Observation")
    async with database.transaction() as tx:
        kept = (await tx.execute(text("SELECT patients FROM job_part"))).scalar_one()
    assert kept == people
