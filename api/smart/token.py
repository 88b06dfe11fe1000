"""The token endpoint: client_credentials with a client assertion (RFC 6749, section 4.4)."""

import structlog
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from api.disclosure import acting
from api.site import site
from api.smart.authentication import authenticate
from api.smart.form import need, read_form
from api.smart.refusal import NO_STORE, Refusal, oauth
from api.smart.server import LIFE_S, TOKEN_PATH
from api.tokens import issue
from fhir.access.scopes import within
from store.clients import Client

PATH = TOKEN_PATH
MAX_SCOPES = 64
MAX_SCOPE_CHARS = 4096
_log = structlog.get_logger(__name__)


@oauth
async def token(request: Request) -> Response:
    """An access token for a client that proves who it is."""
    form = await read_form(request)
    if need(form, "grant_type") != "client_credentials":
        raise Refusal("unsupported_grant_type", "client_credentials is supported")
    client = await authenticate(request, form)
    acting(request, client.id)
    scopes = granted(client, need(form, "scope"))
    key = site(request).smart.key
    access = issue(key, scopes, LIFE_S, client.id, client_id=client.id)
    _log.info("token issued", client=client.id, scope=" ".join(scopes))
    body = {
        "access_token": access,
        "token_type": "bearer",
        "expires_in": LIFE_S,
        "scope": " ".join(scopes),
    }
    return JSONResponse(body, headers=NO_STORE)


def granted(client: Client, asked: str) -> tuple[str, ...]:
    """The scopes asked for, each of which must lie within the registered ones."""
    scopes = tuple(dict.fromkeys(asked.split(" ")))
    if len(asked) > MAX_SCOPE_CHARS or len(scopes) > MAX_SCOPES:
        raise Refusal("invalid_scope", "too many scopes", client=client.id)
    for scope in scopes:
        if not within(scope, client.scopes):  # the patients of patient/ scopes are the client's
            told = f"not registered for this client: {scope[:120]}"
            raise Refusal("invalid_scope", told, client=client.id)
    return scopes
