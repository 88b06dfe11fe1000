"""Writes stay within the client's patients: the version before, and the one that is written."""

from typing import Any

import pytest

from fhir.values import Json, reference
from tests.api.compartments.conftest import Confined
from tests.api.support import Client, heart_rate

pytestmark = pytest.mark.usefixtures("filled")
PATCH = {"Content-Type": "application/json-patch+json"}


@pytest.fixture
async def writer(confined: Confined) -> Client:
    return await confined("p1", scopes="patient/*.cruds")


def new(person: str | None, **more: Any) -> Json:
    body = heart_rate("x", person or "p1")
    del body["id"], body["device"]
    body |= more
    if person is None:
        del body["subject"]
    return body


async def test_create(writer: Client) -> None:
    made = (await writer.send("POST", "Observation", 201, json=new("p1"))).json()
    await writer.get(f"Observation/{made['id']}")
    for other in ("p2", None, "nobody"):
        await writer.send("POST", "Observation", 403, json=new(other))
    await writer.send("POST", "Patient", 403, json={"resourceType": "Patient"})
    await writer.send("PUT", "Patient/p9", 404, json={"resourceType": "Patient", "id": "p9"})
    for type_ in ("Practitioner", "Organization", "Group"):
        await writer.send("POST", type_, 403, json={"resourceType": type_})


async def test_what_is_not_theirs_is_as_if_it_were_not_there(writer: Client) -> None:
    told = set()
    for name in ("o2a", "o99"):
        place, body = f"Observation/{name}", new("p1", id=name)
        for headers in ({}, {"If-Match": 'W/"7"'}):
            answer = await writer.send("PUT", place, 404, json=body, headers=headers)
            told.add(answer.text.replace(name, ""))
        answer = await writer.send("PATCH", place, 404, json=[], headers=PATCH)
        told.add(answer.text.replace(name, ""))
        await writer.send("DELETE", place, 204)
        await writer.send("DELETE", place, 412, headers={"If-Match": 'W/"1"'})
    assert len(told) == 1


async def test_nothing_is_moved_out_or_in(writer: Client, client: Client) -> None:
    moved = new("p2", id="o1a")
    await writer.send("PUT", "Observation/o1a", 403, json=moved)
    await writer.send("PUT", "Observation?_id=o1a", 403, json=moved)
    del moved["id"]
    operation = {"op": "replace", "path": "/subject/reference", "value": "Patient/p2"}
    for path in ("Observation/o1a", "Observation?_id=o1a"):
        await writer.send("PATCH", path, 403, json=[operation], headers=PATCH)
    taken = new("p1", id="o2a")
    await writer.send("PUT", "Observation/o2a", 404, json=taken)
    await writer.send("PUT", "Observation?_id=o2a", 404, json=taken)
    await writer.send("PATCH", "Observation?_id=o2a", 404, json=[operation], headers=PATCH)
    await writer.send("DELETE", "Observation?_id=o2a", 204)
    for name, person in (("o1a", "p1"), ("o2a", "p2")):
        stored = (await client.get(f"Observation/{name}")).json()
        assert (stored["subject"], stored["meta"]["versionId"]) == (
            reference("Patient", person), "1",
        )  # fmt: skip


async def test_what_is_theirs_changes(writer: Client) -> None:
    await writer.send("PUT", "Observation/o1b", 200, json=new("p1", id="o1b", status="amended"))
    operation = {"op": "replace", "path": "/status", "value": "corrected"}
    await writer.send("PATCH", "Observation/o1b", 200, json=[operation], headers=PATCH)
    await writer.send("DELETE", "Flag/f1", 204)
    await writer.get("Flag/f1", 410)
    body = {"resourceType": "Patient", "id": "p1", "active": True}
    await writer.send("PUT", "Patient/p1", 200, json=body)


async def test_conditions_see_their_patients_only(writer: Client) -> None:
    condition = {"If-None-Exist": "identifier=urn:test|o2a"}
    body = new("p1", identifier=[{"system": "urn:test", "value": "o2a"}])
    await writer.send("POST", "Observation", 201, json=body, headers=condition)
    await writer.send("POST", "Observation", 200, json=body, headers=condition)


async def test_references_reach_no_further_than_the_eye(writer: Client) -> None:
    told = set()
    for name in ("o2a", "o99"):
        body = new("p1", hasMember=[reference("Observation", name)])
        answer = await writer.send("POST", "Observation", 422, json=body)
        told.add(answer.text.replace(name, ""))
    assert len(told) == 1
    body = new("p1", hasMember=[reference("Observation", "o1a")],
               performer=[reference("Practitioner", "doc")])  # fmt: skip
    await writer.send("POST", "Observation", 201, json=body)


@pytest.mark.parametrize(
    ("method", "url", "body", "status"),
    [
        ("POST", "Observation", new("p2"), 403),
        ("PUT", "Observation/o1a", new("p2", id="o1a"), 403),
        ("PUT", "Observation/o2a", new("p1", id="o2a"), 404),
        ("PUT", "Observation?_id=o2a", new("p1"), 404),
        ("GET", "Observation/o2a", None, 404),
        ("POST", "Patient", {"resourceType": "Patient"}, 403),
    ],
)
async def test_bundles(
    writer: Client, method: str, url: str, body: Json | None, status: int
) -> None:
    bad: Json = {"request": {"method": method, "url": url}} | ({"resource": body} if body else {})
    good = {"request": {"method": "POST", "url": "Observation"}, "resource": new("p1")}
    before = len(await writer.ids("Observation?_count=100"))
    sent = {"resourceType": "Bundle", "type": "transaction", "entry": [good, bad]}
    await writer.send("POST", "", status, json=sent)
    assert len(await writer.ids("Observation?_count=100")) == before
    batch = (await writer.send("POST", "", 200, json=sent | {"type": "batch"})).json()
    assert [entry["response"]["status"][:3] for entry in batch["entry"]] == ["201", str(status)]


async def test_a_system_scope_to_create_does_not_widen_updates(confined: Confined) -> None:
    both = await confined(
        "p1", scopes="patient/Observation.u system/Observation.crs system/Patient.r"
    )
    await both.send("POST", "Observation", 201, json=new("p2"))
    await both.send("PUT", "Observation/o2a", 404, json=new("p2", id="o2a"))
    await both.send("PUT", "Observation/o1a", 200, json=new("p1", id="o1a"))
    narrow = await confined("p1", scopes="patient/Observation.cruds?category=x")
    await narrow.send("POST", "Observation", 403, json=new("p1"))
    await narrow.send("DELETE", "Observation/o1b", 403)
