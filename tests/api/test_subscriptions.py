"""Subscriptions as resources: read, and found by address and status."""

from typing import Any

from store.database import Database
from tests.api.support import Client, store


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
