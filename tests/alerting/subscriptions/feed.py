"""Versions of resources, and Subscriptions as rows and resources, for the matcher's tests."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from fhir.search.indexing import draft
from fhir.subscriptions.wanted import wanted
from fhir.values import Json
from store.database import Database
from store.index import Index
from store.resources import Draft, Stored, put_many
from store.subscriptions import events, state
from store.subscriptions.events import Event
from store.subscriptions.state import Asked, State, Status

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def flag(id_: str, person: str = "p1", status: str = "active") -> Json:
    return {
        "resourceType": "Flag",
        "id": id_,
        "status": status,
        "code": {"text": "pause"},
        "subject": {"reference": f"Patient/{person}"},
    }


async def put(database: Database, *bodies: Json) -> list[Stored]:
    """Write versions, all with one stamp."""
    async with database.transaction() as tx:
        return await put_many(tx, [draft(body) for body in bodies])


async def delete(database: Database, type_: str, id_: str, person: str | None = None) -> None:
    async with database.transaction() as tx:
        await put_many(tx, [Draft(type_, id_, None, Index(person))])


async def subscribe(database: Database, id_: str, body: Json, **changes: Any) -> None:
    """As the API stores a Subscription."""
    found = wanted(body)
    async with database.transaction() as tx:
        (stored,) = await put_many(tx, [draft(body | {"id": id_})])
        topic = None if found.topic is None else found.topic.url
        values: dict[str, Any] = {
            "id": id_,
            "client": "ehr",
            "scopes": ("system/*.rs",),
            "status": Status.REQUESTED,
            "channel": found.channel.value,
            "topic": topic,
            "ends": found.ends,
        }
        await state.request(tx, Asked(**values | changes), stored.last_updated, NOW)


async def had(database: Database, id_: str) -> list[Event]:
    async with database.transaction() as tx:
        return await events.read(tx, id_, 0, count=10_000)


async def standing(database: Database, id_: str) -> State:
    async with database.transaction() as tx:
        found = await state.read(tx, id_)
    assert found is not None
    return found


def told(found: Sequence[Event]) -> list[tuple[int, str, int, str]]:
    """Number, id, version and trigger of each."""
    return [(e.number, e.id, e.version, e.trigger.value) for e in found]
