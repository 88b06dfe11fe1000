"""Alerts as clients answer them: a Task that is taken or refused, a Flag that is put down."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from fhir.values import Json
from store.database import Database
from tests.alerting.ward import TACHYCARDIA, WARD, Ward, closed, later, open_ward, part
from tests.api.conftest import Scoped
from tests.api.support import BASE, Client, store
from tests.fhir.samples import DEVICE, PATIENT

FHIR = {"Content-Type": "application/fhir+json"}
PATCH = {"Content-Type": "application/json-patch+json"}


@pytest.fixture
async def ward(database: Database) -> Ward:
    """A patient with one alert that is called."""
    await store(
        database,
        {"resourceType": "Patient", "id": PATIENT},
        {"resourceType": "Device", "id": str(DEVICE)},
        {"resourceType": "Practitioner", "id": "7"},
    )
    made = await open_ward(database)
    made.now = datetime.now(UTC)
    await made.put_in_force(replace(WARD, expires_s=None))
    await made.tell(TACHYCARDIA)
    return made


async def one(client: Client, query: str) -> Json:
    (entry,) = (await client.get(query)).json()["entry"]
    found: Json = entry["resource"]
    return found


async def answer(client: Client, task: Json, status: str, expected: int = 200) -> Json:
    change = [{"op": "replace", "path": "/status", "value": status}]
    told = await client.send("PATCH", f"Task/{task['id']}", expected, json=change, headers=PATCH)
    body: Json = told.json()
    return body


async def test_from_the_alert_to_the_acknowledgement_and_back(ward: Ward, writer: Client) -> None:
    flag = await one(writer, f"Flag?patient={PATIENT}&status=active")
    task = await one(writer, f"Task?focus=Flag/{flag['id']}&status=requested")
    assert task["for"] == {"reference": f"Patient/{PATIENT}"}
    mine = task | {"status": "accepted", "owner": {"reference": "Practitioner/7"}}
    made = (await writer.send("PUT", f"Task/{task['id']}", 200, json=mine, headers=FHIR)).json()
    assert (made["status"], made["owner"]) == ("accepted", mine["owner"])
    assert "restriction" not in made
    assert made["lastModified"] > made["authoredOn"]
    assert (await writer.get(f"Task/{task['id']}")).json()["meta"] == made["meta"]
    flag = await one(writer, f"Flag?patient={PATIENT}")
    assert (flag["status"], part(flag, "state")) == ("active", "acknowledged")
    assert part(flag, "acknowledgedBy") == {"reference": "Practitioner/7"}
    assert [m[:3] for m in await ward.messages()] == [("trigger", 1, 0), ("acknowledge", 0, 0)]
    links = await ward.rows("SELECT DISTINCT message ->> 'link' FROM notification")
    assert (f"{BASE}/Flag/{flag['id']}",) in links
    # The condition lasts, and the alert calls again.
    await ward.wait(1900)
    assert part(await one(writer, f"Flag?patient={PATIENT}"), "state") == "notified"
    again = await one(writer, f"Task?patient={PATIENT}&status=requested")
    assert again["id"] != task["id"]
    assert (await writer.get(f"Task/{task['id']}")).json()["status"] == "accepted"
    await answer(writer, task, "completed")  # of the call before: it answers for nothing now
    assert part(await one(writer, f"Flag?patient={PATIENT}"), "state") == "notified"
    done = await answer(writer, again, "completed")
    assert done["status"] == "completed"
    flag = await one(writer, f"Flag?patient={PATIENT}")
    assert part(flag, "acknowledgedByClient")
    ward.now = datetime.now(UTC)  # clients' answers come by this clock
    await ward.tell(closed(TACHYCARDIA))
    await ward.wait(300)
    flag = await one(writer, f"Flag?patient={PATIENT}")
    assert (flag["status"], part(flag, "state")) == ("inactive", "resolved")
    assert [m[0] for m in await ward.messages()] == [
        "trigger", "acknowledge", "trigger", "acknowledge", "resolve"
    ]  # fmt: skip
    assert await ward.events() == [
        "opened", "notified", "acknowledged", "still there", "notified", "acknowledged",
        "seen again", "passed", "settled",
    ]  # fmt: skip


async def test_a_refusal_calls_the_next_at_once(ward: Ward, writer: Client) -> None:
    task = await one(writer, "Task")
    await answer(writer, task, "rejected")
    assert [m[:2] for m in await ward.messages()] == [("trigger", 1), ("trigger", 2)]
    fresh = await one(writer, "Task?status=requested")
    assert fresh["id"] != task["id"]
    assert part(await one(writer, "Flag"), "state") == "notified"
    await answer(writer, task, "accepted", 422)
    await answer(writer, fresh, "accepted")
    assert part(await one(writer, "Flag"), "state") == "acknowledged"


async def test_looking_at_a_task_answers_nothing(ward: Ward, writer: Client) -> None:
    task = await one(writer, "Task")
    note = [{"op": "add", "path": "/note", "value": [{"text": "who is near?"}]}]
    await writer.send("PATCH", f"Task/{task['id']}", 200, json=note, headers=PATCH)
    seen = await answer(writer, task, "received")
    assert part(await one(writer, "Flag"), "state") == "notified"
    await answer(writer, seen, "entered-in-error")
    assert part(await one(writer, "Flag"), "state") == "notified"


async def test_a_flag_that_is_put_down_is_answered_for(ward: Ward, writer: Client) -> None:
    flag = await one(writer, "Flag")
    mine = flag | {"status": "inactive"}
    made = (await writer.send("PUT", f"Flag/{flag['id']}", 200, json=mine, headers=FHIR)).json()
    assert (made["status"], part(made, "state")) == ("inactive", "resolved")
    assert part(made, "acknowledgedByClient")
    assert (await writer.get(f"Flag/{flag['id']}")).json()["meta"]["versionId"] == "2"
    assert [m[0] for m in await ward.messages()] == ["trigger", "resolve"]
    assert (await one(writer, "Task"))["status"] == "completed"
    # It ends with its session's alert, and what comes after that is another.
    await ward.tell(replace(TACHYCARDIA, evidence="heart rate 150/min"))
    assert (await one(writer, "Flag"))["status"] == "inactive"
    await ward.tell(closed(TACHYCARDIA), later(TACHYCARDIA, 24, 2))
    statuses = [f["resource"]["status"] for f in (await writer.get("Flag")).json()["entry"]]
    assert sorted(statuses) == ["active", "inactive"]


async def test_a_flag_that_is_called_an_error_is_withdrawn(ward: Ward, writer: Client) -> None:
    flag = await one(writer, "Flag")
    change = [{"op": "replace", "path": "/status", "value": "entered-in-error"}]
    path = f"Flag/{flag['id']}"
    made = (await writer.send("PATCH", path, 200, json=change, headers=PATCH)).json()
    assert (made["status"], part(made, "state")) == ("entered-in-error", "withdrawn")
    await ward.tell(replace(TACHYCARDIA, evidence="heart rate 150/min"))
    assert (await one(writer, "Flag"))["status"] == "entered-in-error"


async def test_who_may_not_write_tasks_acknowledges_nothing(
    ward: Ward, with_scopes: Scoped
) -> None:
    reader = with_scopes("system/*.rs", "system/Flag.u")
    await answer(reader, await one(reader, "Task"), "accepted", 403)
    assert part(await one(reader, "Flag"), "state") == "notified"


async def test_what_a_task_asks_is_not_the_clients_to_change(ward: Ward, writer: Client) -> None:
    task = await one(writer, "Task")
    for change in ({"focus": {"reference": "Flag/x"}}, {"for": {"reference": "Patient/x"}}):
        sent: dict[str, Any] = task | change
        await writer.send("PUT", f"Task/{task['id']}", 422, json=sent, headers=FHIR)
    await writer.send("DELETE", f"Task/{task['id']}", 409)


async def test_tasks_of_others_acknowledge_nothing(ward: Ward, writer: Client) -> None:
    flag = await one(writer, "Flag")
    mine = {
        "resourceType": "Task", "id": "mine", "status": "requested", "intent": "order",
        "focus": {"reference": f"Flag/{flag['id']}"}, "for": {"reference": f"Patient/{PATIENT}"},
    }  # fmt: skip
    await writer.send("PUT", "Task/mine", 201, json=mine, headers=FHIR)
    done = mine | {"status": "accepted"}
    await writer.send("PUT", "Task/mine", 200, json=done, headers=FHIR)
    assert part(await one(writer, "Flag"), "state") == "notified"
