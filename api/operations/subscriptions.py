"""Subscription/$status and Subscription/[id]/$events (Subscriptions R5 Backport 1.1.0).

https://hl7.org/fhir/uv/subscriptions-backport/STU1.1/artifacts.html#behavior-operation-definitions
"""

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response

from api import answers
from api.disclosure import disclose
from api.grants import denied, grant
from api.operations.given import given
from api.reads import resource_id
from api.requests import caller, negotiate
from api.site import Site, site
from core.errors import Forbidden, Gone, Incorrect, NotFound
from fhir.access.grant import Grant
from fhir.access.scopes import Action, ways
from fhir.search.request import Pair
from fhir.subscriptions.channels import carried
from fhir.subscriptions.notification import (
    Kind,
    Payload,
    Shown,
    notification_bundle,
    status_bundle,
)
from fhir.values import Json
from store import resources
from store.database import Transaction
from store.resources import Document
from store.subscriptions import events, state
from store.subscriptions.events import Event
from store.subscriptions.state import State, Status

TYPE = "Subscription"
MAX_EVENTS = 100
MAX_LISTED = 1000
_NUMBER = re.compile(r"\d{1,18}", re.ASCII)
_FORMAT = ("_format", "_pretty")


async def status_of_one(request: Request) -> Response:
    """How one Subscription stands; ``id`` and ``status`` are ignored here."""
    sight = grant(request, TYPE, Action.READ)
    _asked(request, await given(request), ("id", "status"))
    name = resource_id(request)
    async with site(request).database.transaction() as tx:
        found = await _standing(tx, sight, name)
    return _told(request, status_bundle([found], site(request).base(request), _now()))


async def status_of_several(request: Request) -> Response:
    """How several stand: those with one of the ids, and one of the statuses, if any are given."""
    grant(request, TYPE, Action.READ)
    asked = _asked(request, await given(request), ("id", "status"))
    ids = [value for name, value in asked if name == "id"]
    wanted = {_status(value) for name, value in asked if name == "status"}
    async with site(request).database.transaction() as tx:
        found = await (state.read_many(tx, ids) if ids else state.listing(tx, MAX_LISTED))
    shown = [one for one in found if not wanted or one.status in wanted]
    return _told(request, status_bundle(shown, site(request).base(request), _now()))


async def past_events(request: Request) -> Response:
    """Events of a Subscription, for who asked for it and for administrators.

    What they may not read now keeps its number and tells nothing else.
    """
    sight = grant(request, TYPE, Action.READ)
    names = ("eventsSinceNumber", "eventsUntilNumber", "content")
    asked = dict(_asked(request, await given(request), names))
    first = _number(asked.get("eventsSinceNumber", "0"))
    last = _number(asked["eventsUntilNumber"]) if "eventsUntilNumber" in asked else events.LAST
    here, name = site(request), resource_id(request)
    async with here.database.transaction() as tx:
        found = await _standing(tx, sight, name)
        _check_owner(request, found)
        payload = _content(asked.get("content"), await resources.read(tx, TYPE, name))
        listed = await events.read(tx, found.id, first, last, MAX_EVENTS)
        shown = await _shown(request, here, tx, listed, payload)
    base = here.base(request)
    return _told(
        request, notification_bundle(Kind.QUERY_EVENT, found, base, _now(), payload, shown)
    )


async def _standing(tx: Transaction, sight: Grant, name: str) -> State:
    """Raises NotFound or Gone as reading the resource would."""
    try:
        await resources.read(tx, TYPE, name)
    except Gone as error:
        raise sight.veiled(error, name) from None
    found = await state.read(tx, name)
    if found is None:
        raise NotFound(f"{TYPE}/{name} has not been asked for since this server acts on them")
    return found


def _check_owner(request: Request, found: State) -> None:
    """Raises Forbidden for other clients; a token of no client is an administrator's."""
    who = caller(request)
    if who.client_id is not None and who.subject != found.client:
        denied(request, f"right to another's events: {TYPE}/{found.id}")
        raise Forbidden(f"{TYPE}/{found.id} was asked for by another client, who alone is told")


async def _shown(
    request: Request, here: Site, tx: Transaction, listed: Sequence[Event], payload: Payload
) -> list[Shown]:
    documents = await events.contents(tx, listed)
    rights = caller(request).rights
    sights = {e.type: Grant(e.type, ways(rights, e.type, Action.READ)) for e in listed}
    shown = []
    for event in listed:
        document = documents.get(event.key)
        is_seen = document is not None and sights[event.type].covers(document)
        if document is None or not is_seen:
            shown.append(Shown(event, is_seen=False))
            continue
        if payload is not Payload.EMPTY:
            disclose(request, [document])
        shown.append(Shown(event, await _body(here, tx, document, payload)))
    return shown


async def _body(here: Site, tx: Transaction, document: Document, payload: Payload) -> Any:
    if document.deleted or payload is not Payload.FULL:
        return None
    return orjson.Fragment(await here.strips.body(tx, document))


def _asked(request: Request, pairs: Sequence[Pair], names: Sequence[str]) -> list[Pair]:
    """The parameters of the operation. Raises Incorrect for others."""
    negotiate(request.headers.get("accept"), request.query_params.get("_format"))
    found = [pair for pair in pairs if pair[0] not in _FORMAT]
    for name, _ in found:
        if name not in names:
            raise Incorrect(f"the operation has no parameter {name[:80]!r}")
    return found


def _status(text: str) -> Status:
    try:
        return Status(text)
    except ValueError:
        raise Incorrect(f"status: {', '.join(Status)}; not {text[:40]!r}") from None


def _content(text: str | None, subscription: Document) -> Payload:
    """What the client would like; if it does not say, what the Subscription carries."""
    if text is None:
        return carried(orjson.loads(subscription.body))
    try:
        return Payload(text)
    except ValueError:
        raise Incorrect(f"content: {', '.join(Payload)}; not {text[:40]!r}") from None


def _number(text: str) -> int:
    if not _NUMBER.fullmatch(text):
        raise Incorrect(f"a number of an event, please; not {text[:40]!r}")
    return int(text)


def _told(request: Request, body: Json) -> Response:
    return answers.fhir(body, pretty=request.query_params.get("_pretty") == "true")


def _now() -> datetime:
    return datetime.now(UTC)
