"""Goals that set alarm limits, by REST: in force with their version, or refused and not stored."""

from datetime import UTC, datetime
from typing import Any

import pytest

from core.limits import Term, at
from fhir.values import Json
from store import limits
from store.database import Database
from tests.api.conftest import Scoped
from tests.api.support import Client, patient, store
from tests.fhir.goals import EVERYTHING, goal, off, rate

FHIR = {"Content-Type": "application/fhir+json"}
PATCH = {"Content-Type": "application/json-patch+json"}


@pytest.fixture(autouse=True)
async def people(database: Database) -> None:
    await store(database, patient("p1"), patient("p2"))


async def put(client: Client, sent: Json, status: int, **headers: str) -> Json:
    address = f"Goal/{sent['id']}"
    answer = await client.send("PUT", address, status, json=sent, headers=FHIR | headers)
    told: Json = answer.json()
    return told


async def terms(database: Database, who: str = "p1") -> tuple[Term, ...]:
    async with database.transaction() as tx:
        return (await limits.of_patients(tx, {who}, datetime.now(UTC))).get(who, ())


async def sources(database: Database, who: str = "p1") -> list[tuple[str, bool]]:
    """Of each term, and whether it is over."""
    return [(t.limits.source, t.until is not None) for t in await terms(database, who)]


async def test_each_version_is_in_force_until_the_next(writer: Client, database: Database) -> None:
    made = await put(writer, goal(rate(50, 100)), 201)
    (first,) = await terms(database)
    assert (first.limits.fast_per_min, first.limits.slow_per_min) == (100, 50)
    assert first.since.isoformat(timespec="milliseconds")[:23] == made["meta"]["lastUpdated"][:23]
    await put(writer, goal(rate(50, 100)), 200)  # the same again is no version
    assert await sources(database) == [("Goal/limits/_history/1", False)]
    change = [{"op": "replace", "path": "/target/0/detailRange/high/value", "value": 120}]
    await writer.send("PATCH", "Goal/limits", 200, json=change, headers=PATCH)
    first, second = await terms(database)
    assert first.until == second.since
    assert second.limits.fast_per_min == 120
    await put(writer, goal(rate(50, 120), lifecycleStatus="completed"), 200)
    assert [over for _, over in await sources(database)] == [True, True]
    await put(writer, goal(rate(50, 130)), 200)
    await writer.send("DELETE", "Goal/limits", 204)
    found = await sources(database)
    assert found == [(f"Goal/limits/_history/{n}", True) for n in (1, 2, 4)]
    versions = (await writer.get("Goal/limits/_history")).json()["entry"]
    assert versions[0]["request"]["method"] == "DELETE"


async def test_what_cannot_be_is_refused_and_not_stored(writer: Client, database: Database) -> None:
    told = await put(writer, goal(rate(50, 100), off("asystole")), 422)
    (first, *_) = told["issue"]
    assert (first["code"], first["expression"]) == (
        "business-rule", ["Goal.target[1].detailCodeableConcept"],
    )  # fmt: skip
    assert "Asystole is never switched off" in first["diagnostics"]
    await writer.get("Goal/limits", 404)
    await put(writer, goal(rate(50, 100)), 201)
    change = [{"op": "replace", "path": "/target/0/detailRange/high/code", "value": "Hz"}]
    await writer.send("PATCH", "Goal/limits", 422, json=change, headers=PATCH)
    assert (await writer.get("Goal/limits")).json()["meta"]["versionId"] == "1"
    assert await sources(database) == [("Goal/limits/_history/1", False)]
    question = {"json": goal(rate(120, 120)), "headers": FHIR}
    answer = (await writer.send("POST", "Goal/$validate", 200, **question)).json()
    assert "is not below" in answer["issue"][0]["diagnostics"]


async def test_nobody_of_this_server_has_no_limits(writer: Client, database: Database) -> None:
    elsewhere: Json = {"subject": {"reference": "https://other.example/fhir/Patient/p1"}}
    told = await put(writer, goal(rate(50, 100), **elsewhere), 422)
    assert "of this server" in told["issue"][0]["diagnostics"]
    told = await put(writer, goal(rate(50, 100), patient="nobody"), 422)
    await writer.get("Goal/limits", 404)
    assert await terms(database, "nobody") == ()


async def test_two_goals_of_a_patient_are_not_in_force_at_once(
    writer: Client, with_scopes: Scoped, database: Database
) -> None:
    await put(writer, goal(rate(50, 100)), 201)
    other = goal(rate(60, 110), id_="other")
    told = await put(writer, other, 409)
    assert "Goal/limits sets this patient's alarm limits" in told["issue"][0]["diagnostics"]
    blind = await put(with_scopes("system/Goal.u", "system/Goal.c"), other, 409)
    assert "another Goal sets" in blind["issue"][0]["diagnostics"]
    await writer.get("Goal/other", 404)
    # Another patient's, a plan, and what is no limit of alarms are in nobody's way.
    await put(writer, goal(rate(60, 110), id_="second", patient="p2"), 201)
    await put(writer, other | {"lifecycleStatus": "planned"}, 201)
    await put(writer, goal(rate(high=80), id_="aim", category=[{"text": "physiotherapy"}]), 201)
    assert await sources(database) == [("Goal/limits/_history/1", False)]


async def test_one_takes_the_place_of_another_in_one_transaction(
    writer: Client, database: Database
) -> None:
    await put(writer, goal(rate(50, 100)), 201)

    def entry(body: Json) -> Json:
        return {"resource": body, "request": {"method": "PUT", "url": f"Goal/{body['id']}"}}

    swap: Json = {
        "resourceType": "Bundle",
        "type": "transaction",
        "entry": [
            entry(goal(rate(60, 110), id_="another")),  # before the one that it follows ends
            entry(goal(rate(50, 100), lifecycleStatus="completed")),
        ],
    }
    await writer.send("POST", "", 200, json=swap, headers=FHIR)
    first, second = await terms(database)
    assert second.limits.source == "Goal/another/_history/1"
    assert first.until == second.since  # no moment between them is without limits
    assert at((first, second), second.since, synced=True) is second.limits
    moved: Any = goal(rate(60, 110), id_="another", patient="p2")
    await put(writer, moved, 200)
    assert [over for _, over in await sources(database)] == [True, True]
    assert await sources(database, "p2") == [("Goal/another/_history/2", False)]


async def test_how_they_are_found_and_who_may(writer: Client, with_scopes: Scoped) -> None:
    sent = EVERYTHING | {"startDate": "2026-03-01"}
    await put(writer, sent, 201)
    aim = goal(id_="aim", category=[{"text": "x"}], lifecycleStatus="proposed")
    aim["target"] = [{"dueDate": "2026-05-01"}]
    await put(writer, aim, 201)
    for query, expected in (
        ("patient=p1", ["limits", "aim"]),
        ("patient=p1&lifecycle-status=active", ["limits"]),
        ("category=alarm-limits", ["limits"]),
        ("patient=p1&target-date=ge2026-04-01", ["aim"]),
        ("start-date=2026-03", ["limits"]),
        ("subject=Patient/p2", []),
    ):
        assert sorted(await writer.ids(f"Goal?{query}")) == sorted(expected), query
    reader = with_scopes("system/Goal.rs")
    assert await reader.ids("Goal?patient=p1&category=alarm-limits") == ["limits"]
    await reader.send("PUT", "Goal/limits", 403, json=sent, headers=FHIR)
    await with_scopes("system/Flag.cruds").get("Goal/limits", 403)
    (listed,) = [
        r for r in (await writer.get("metadata")).json()["rest"][0]["resource"]
        if r["type"] == "Goal"
    ]  # fmt: skip
    assert {"create", "update", "patch", "delete", "vread", "history-instance"} <= {
        each["code"] for each in listed["interaction"]
    }
