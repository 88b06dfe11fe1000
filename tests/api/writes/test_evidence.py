"""What the service has found, as clients meet it."""

from typing import Any

import pytest

from fhir.publishing.shelf import evidence
from fhir.values import Json
from store.database import Database
from store.resources import put_many
from tests.api.support import Client, heart_rate, patient, store

FHIR = {"Content-Type": "application/fhir+json"}
PATCH = {"Content-Type": "application/json-patch+json"}
FOUND = heart_rate("o1") | {"status": "preliminary"}


@pytest.fixture(autouse=True)
async def found(database: Database) -> None:
    await store(database, patient("p1"), {"resourceType": "Device", "id": "d1"})
    async with database.transaction() as tx:
        await put_many(tx, [evidence(FOUND)])


async def put(writer: Client, expected: int, **change: Any) -> Json:
    sent = (await writer.get("Observation/o1")).json() | change
    answer = await writer.send("PUT", "Observation/o1", expected, json=sent, headers=FHIR)
    body: Json = answer.json()
    return body


async def test_it_is_confirmed_and_commented(writer: Client) -> None:
    note = [{"text": "artefact"}]
    made = await put(writer, 200, status="final", note=note)
    assert (made["status"], made["note"], made["meta"]["versionId"]) == ("final", note, "2")
    assert made["valueQuantity"] == FOUND["valueQuantity"]
    assert await writer.ids("Observation?status=final") == ["o1"]
    change = [{"op": "replace", "path": "/status", "value": "entered-in-error"}]
    await writer.send("PATCH", "Observation/o1", 200, json=change, headers=PATCH)
    await put(writer, 422, status="final")


async def test_it_is_never_overwritten(writer: Client) -> None:
    told = await put(writer, 422, valueQuantity=FOUND["valueQuantity"] | {"value": 60})
    assert "Observation.valueQuantity" in told["issue"][0]["diagnostics"]
    change = [{"op": "replace", "path": "/valueQuantity/value", "value": 60}]
    await writer.send("PATCH", "Observation/o1", 422, json=change, headers=PATCH)
    other = heart_rate("o1") | {"identifier": []}
    await writer.send("PUT", "Observation/o1", 422, json=other, headers=FHIR)


async def test_it_is_not_deleted(writer: Client) -> None:
    told = (await writer.send("DELETE", "Observation/o1", 409)).json()
    assert "entered-in-error" in told["issue"][0]["diagnostics"]


async def test_a_performer_must_be_there(writer: Client) -> None:
    await put(writer, 422, performer=[{"reference": "Patient/p9"}])
    await put(writer, 200, performer=[{"reference": "Patient/p1"}])


async def test_it_is_superseded_by_another(writer: Client) -> None:
    mine = heart_rate("mine", value=71) | {"derivedFrom": [{"reference": "Observation/o1"}]}
    await writer.send("PUT", "Observation/mine", 201, json=mine, headers=FHIR)
    await writer.send(
        "PUT", "Observation/mine", 200, json=mine | {"status": "amended"}, headers=FHIR
    )
    await writer.send("DELETE", "Observation/mine", 204)
