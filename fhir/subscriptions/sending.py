"""What is sent to a subscriber next, as it may be told now; for every channel.

Rights are those of this moment: what may not be seen any more keeps its number and time, and
nothing else is told of it. Source:
https://hl7.org/fhir/uv/subscriptions-backport/STU1.1/safety_security.html
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

import orjson

from core.errors import Forbidden, Unmet
from fhir.access.grant import Grant
from fhir.access.owners import held
from fhir.access.scopes import Action, Rights, ways
from fhir.subscriptions.notification import Kind, Payload, Shown, notification_bundle
from fhir.subscriptions.wanted import Wanted, wanted
from store import resources
from store.database import Transaction
from store.resources import Document
from store.subscriptions import events, state
from store.subscriptions.events import Event
from store.subscriptions.state import State

Render = Callable[[Transaction, Document], Awaitable[bytes]]
"""A version's JSON as it leaves, the samples of a strip filled in."""
MAX_BYTES = 4 << 20
"""Of the resources in one notification; a single one may be longer."""


@dataclass(frozen=True, slots=True)
class Asking:
    """A Subscription as it stands: its row, the version of its resource, and what it says."""

    state: State
    version: int
    wanted: Wanted
    rights: Rights


@dataclass(frozen=True, slots=True)
class Notice:
    """One notification, ready to leave.

    ``first`` and ``last`` are the numbers of its events, ``last`` 0 if it has none;
    ``oldest`` is when the first was written, ``patients`` are those whose data it carries.
    """

    kind: Kind
    body: bytes
    first: int = 0
    last: int = 0
    oldest: datetime | None = None
    patients: frozenset[str] = frozenset()


async def asking(tx: Transaction, id_: str) -> Asking | None:
    """How a Subscription stands; None for one that there is no more.

    Raises Forbidden if its client is disabled, fhir.validation.issue.Rejected if it asks for
    what this release does not support.
    """
    found = await state.read(tx, id_)
    documents = await resources.read_many(tx, [("Subscription", id_)])
    if found is None or not documents:
        return None
    rights = await held(tx, found.client, found.scopes)
    if rights is None:
        raise Forbidden("the client that asked for it is disabled")
    asked = wanted(orjson.loads(documents[0].body))
    return Asking(found, documents[0].version, asked, rights)


def plain(asked: Asking, kind: Kind, base_url: str, now: datetime) -> Notice:
    """A handshake or a heartbeat."""
    body = notification_bundle(kind, asked.state, base_url, now, asked.wanted.payload)
    return Notice(kind, orjson.dumps(body))


async def next_events(
    tx: Transaction,
    asked: Asking,
    after: int,
    count: int,
    base_url: str,
    now: datetime,
    render: Render,
) -> Notice:
    """The events that follow number ``after``, ``count`` at most.

    Raises Unmet if none of them are kept any more.
    """
    found = await events.read(tx, asked.state.id, after + 1, count=count)
    if not found:
        raise Unmet("the events are no longer kept")
    shown, patients = await _shown(tx, asked, found, render)
    body = notification_bundle(Kind.EVENT, asked.state, base_url, now, asked.wanted.payload, shown)
    listed = [one.event for one in shown]
    return Notice(
        Kind.EVENT,
        orjson.dumps(body),
        listed[0].number,
        listed[-1].number,
        listed[0].stamp,
        patients,
    )


async def _shown(
    tx: Transaction, asked: Asking, found: Sequence[Event], render: Render
) -> tuple[list[Shown], frozenset[str]]:
    """Events as they may be told, as many as fit, and whose data they tell of."""
    documents = await events.contents(tx, found)
    shown: list[Shown] = []
    patients: set[str] = set()
    size = 0
    for event in found:
        document = documents.get(event.key)
        if document is None or not _covers(asked.rights, document):
            shown.append(Shown(event, is_seen=False))
            continue
        content = await _content(tx, asked.wanted.payload, document, render)
        size += len(content or b"")
        if shown and size > MAX_BYTES:
            break
        shown.append(Shown(event, None if content is None else orjson.Fragment(content)))
        if asked.wanted.payload is not Payload.EMPTY and document.patient_id is not None:
            patients.add(document.patient_id)
    return shown, frozenset(patients)


def _covers(rights: Rights, document: Document) -> bool:
    found = ways(rights, document.type, Action.READ)
    return bool(found) and Grant(document.type, found).covers(document)


async def _content(
    tx: Transaction, payload: Payload, document: Document, render: Render
) -> bytes | None:
    if payload is not Payload.FULL or document.deleted:
        return None
    return await render(tx, document)
