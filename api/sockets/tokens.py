"""Subscription/$get-ws-binding-token, of the type and of one Subscription.

https://hl7.org/fhir/uv/subscriptions-backport/STU1.1/OperationDefinition-backport-subscription-get-ws-binding-token.html
"""

import secrets
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response

from api import answers
from api.grants import denied, grant
from api.operations.given import given
from api.reads import resource_id
from api.requests import caller, negotiate
from api.site import site
from core.errors import Incorrect, NotFound
from fhir.access.scopes import Action
from fhir.subscriptions.wanted import ChannelType
from fhir.values import Json, instant
from store.database import Transaction
from store.subscriptions import binding, state
from store.subscriptions.binding import Binding
from store.subscriptions.state import State

TYPE = "Subscription"
PATH = "/ws"
LIFE = timedelta(seconds=60)
MAX_IDS = 100
_FORMAT = ("_format", "_pretty")


async def token_of_one(request: Request) -> Response:
    """A token for one Subscription."""
    await _ids(request)
    return await _token(request, (resource_id(request),))


async def token_of_several(request: Request) -> Response:
    """A token for Subscriptions that are named by ``id``."""
    ids = await _ids(request)
    if not 1 <= len(ids) <= MAX_IDS:
        raise Incorrect(f"id: 1 to {MAX_IDS} Subscriptions, please")
    return await _token(request, ids)


async def _ids(request: Request) -> tuple[str, ...]:
    negotiate(request.headers.get("accept"), request.query_params.get("_format"))
    pairs = [pair for pair in await given(request) if pair[0] not in _FORMAT]
    for name, _ in pairs:
        if name != "id":
            raise Incorrect(f"the operation has no parameter {name[:80]!r}")
    return tuple(dict.fromkeys(value for _, value in pairs))


async def _token(request: Request, ids: tuple[str, ...]) -> Response:
    grant(request, TYPE, Action.READ)
    token, now = secrets.token_urlsafe(32), datetime.now(UTC)
    until = now + LIFE
    async with site(request).database.transaction() as tx:
        await _check(request, tx, ids)
        await binding.add(tx, token, Binding(caller(request).subject, ids), now, until)
    body = _parameters(token, until, ids, site(request).root(request))
    return answers.fhir(body, headers={"Cache-Control": "no-store"})


async def _check(request: Request, tx: Transaction, ids: tuple[str, ...]) -> None:
    """Raises NotFound, Forbidden or Incorrect unless all are websockets of the caller's."""
    found = {one.id: one for one in await state.read_many(tx, ids)}
    for id_ in ids:
        if id_ not in found:
            raise NotFound(f"there is no {TYPE}/{id_[:64]}")
        _check_one(request, found[id_])


def _check_one(request: Request, found: State) -> None:
    who = caller(request)
    if who.client_id is not None and who.subject != found.client:
        raise denied(request, f"{TYPE}/{found.id}, which another client asked for")
    if found.channel != ChannelType.WEBSOCKET:
        raise Incorrect(f"{TYPE}/{found.id} has the channel {found.channel}, not websocket")


def _parameters(token: str, until: datetime, ids: tuple[str, ...], root: str) -> Json:
    place = urlsplit(root)
    scheme = "wss" if place.scheme == "https" else "ws"
    url = place._replace(scheme=scheme).geturl() + PATH
    named = [{"name": "subscription", "valueString": id_} for id_ in ids]
    return {
        "resourceType": "Parameters",
        "parameter": [
            {"name": "token", "valueString": token},
            {"name": "expiration", "valueDateTime": instant(until)},
            *named,
            {"name": "websocket-url", "valueUrl": url},
        ],
    }
