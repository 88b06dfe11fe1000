"""Subscriptions as resources: read, found by address and status, written."""

from typing import Any

from store.database import Database
from tests.api.conftest import Scoped
from tests.api.support import Client, store

FHIR = {"Content-Type": "application/fhir+json"}


def _subscription(id_: str, status: str) -> dict[str, Any]:
    return {
        "resourceType": "Subscription",
        "id": id_,
        "status": status,
        "reason": "Alerts",
        "criteria": "Flag?status=active",
        "channel": {"type": "rest-hook", "endpoint": f"https://ehr.test/{id_}"},
    }


async def test_they_are_read_and_found(client: Client, database: Database) -> None:
    await store(database, _subscription("a", "requested"), _subscription("b", "off"))
    assert (await client.get("Subscription/a")).json()["channel"]["type"] == "rest-hook"
    assert await client.ids("Subscription?url=https://ehr.test/a") == ["a"]
    assert await client.ids("Subscription?status=off") == ["b"]
    assert set(await client.ids("Subscription")) == {"a", "b"}


async def test_they_are_written_changed_and_deleted(with_scopes: Scoped) -> None:
    client = with_scopes("system/Subscription.cruds", "system/Flag.r")
    path = "Subscription/a"
    sent = _subscription("a", "requested")
    made = await client.send("PUT", path, 201, json=sent, headers=FHIR)
    assert made.json()["status"] == "requested"
    changed = sent | {"reason": "Other alerts"}
    await client.send("PUT", path, 200, json=changed, headers=FHIR)
    assert (await client.get(path)).json()["reason"] == "Other alerts"
    await client.send("PUT", path, 422, json=sent | {"status": "active"}, headers=FHIR)
    await client.send("DELETE", path, 204)
    await client.get(path, 410)
