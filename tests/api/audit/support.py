"""Looking at the audit trail from outside."""

from base64 import b64decode
from typing import Any

from sqlalchemy import text

from core.audit import Entry
from store.audit_chain import entry
from store.database import Database
from tests.api.support import Client

Json = dict[str, Any]


async def trail(database: Database) -> list[Entry]:
    """All entries, in order."""
    async with database.transaction() as tx:
        rows = await tx.execute(text("SELECT * FROM audit_entry ORDER BY seq"))
        return [entry(row) for row in rows]


async def batches(database: Database) -> int:
    """How many batches there are."""
    async with database.transaction() as tx:
        return int((await tx.execute(text("SELECT count(*) FROM audit_batch"))).scalar_one())


async def events(auditor: Client, query: str = "") -> list[Json]:
    """The events that a search gives, oldest first, those about reading the trail left out."""
    bundle = (await auditor.get(f"AuditEvent?_sort=date&_count=200&{query}")).json()
    found = [item["resource"] for item in bundle.get("entry", [])]
    return [event for event in found if "/AuditEvent" not in request(event)]


def request(event: Json) -> str:
    """The request that an event tells of."""
    (query,) = [e["query"] for e in event["entity"] if "query" in e]
    return b64decode(query).decode()


def roles(event: Json) -> dict[str, str]:
    """The codes of the agents that have a network, by who they are: client or server."""
    named = [agent for agent in event["agent"] if "network" in agent]
    return {
        agent["who"]["identifier"]["system"].rpartition("/")[2]: agent["type"]["coding"][0]["code"]
        for agent in named
    }


def patients(event: Json) -> list[str]:
    """The patients that an event names."""
    return [
        entity["what"]["reference"]
        for entity in event["entity"]
        if entity.get("type", {}).get("code") == "1"
    ]
