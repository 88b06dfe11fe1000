"""Token revocation (RFC 7009): a client takes back a token of its own."""

from datetime import UTC, datetime

import structlog
from starlette.requests import Request
from starlette.responses import Response

from api.disclosure import acting
from api.site import site
from api.smart.authentication import authenticate
from api.smart.form import need, read_form
from api.smart.refusal import NO_STORE, Refusal, oauth
from api.tokens import verify
from core.errors import Unauthenticated
from store import clients

PATH = "/auth/revoke"
_log = structlog.get_logger(__name__)


@oauth
async def revoke(request: Request) -> Response:
    """Revoke; of a token that counts for nothing the answer is the same."""
    form = await read_form(request)
    client = await authenticate(request, form)
    acting(request, client.id)
    here = site(request)
    try:
        found = verify(here.smart.key, need(form, "token"))
    except Unauthenticated:
        return Response(headers=NO_STORE)
    if found.client_id != client.id or found.token_id is None:
        told = "the token was issued to somebody else"
        raise Refusal("unauthorized_client", told, client=client.id)
    until = datetime.fromtimestamp(found.expires_at, UTC)
    async with here.database.transaction() as tx:
        await clients.revoke(tx, client.id, found.token_id, until)
    here.smart.bearers.forget()
    _log.info("token revoked", client=client.id)
    return Response(headers=NO_STORE)
