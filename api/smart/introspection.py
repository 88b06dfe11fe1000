"""Token introspection (RFC 7662), as SMART asks of it.

Source: https://hl7.org/fhir/smart-app-launch/token-introspection.html
"""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from api.disclosure import acting
from api.site import site
from api.smart.authentication import authenticate
from api.smart.form import need, read_form
from api.smart.refusal import NO_STORE, Refusal, oauth
from api.tokens import ISSUER, Caller
from core.errors import Unauthenticated

PATH = "/auth/introspect"
SCOPE = "hisbundle/introspect"
"""Lets a resource server ask about tokens of others; its own anybody may ask about."""


@oauth
async def introspect(request: Request) -> Response:
    """What a token is good for, told to a client or to the bearer of a token."""
    form = await read_form(request)
    asking, scopes = await _asker(request, form)
    acting(request, asking)
    active: dict[str, object] = {"active": False}
    try:
        found = await site(request).smart.bearers.bearer(need(form, "token"))
    except Unauthenticated:
        return JSONResponse(active, headers=NO_STORE)
    # To a stranger a token of somebody else is one that does not exist.
    if found.subject == asking or SCOPE in scopes:
        active = _described(found)
    return JSONResponse(active, headers=NO_STORE)


async def _asker(request: Request, form: dict[str, str]) -> tuple[str, tuple[str, ...]]:
    if "authorization" not in request.headers:
        client = await authenticate(request, form)
        return client.id, client.scopes
    try:
        caller = await site(request).smart.bearers.caller(request.headers["authorization"])
    except Unauthenticated as error:
        raise Refusal("invalid_token", str(error)) from None
    return caller.subject, caller.scopes


def _described(caller: Caller) -> dict[str, object]:
    described = {
        "active": True,
        "scope": " ".join(caller.scopes),
        "client_id": caller.client_id or caller.subject,
        "token_type": "bearer",
        "exp": caller.expires_at,
        "iat": caller.issued_at,
        "sub": caller.subject,
        "iss": ISSUER,
    }
    if len(caller.patients) == 1:  # the launch context has room for one
        described["patient"] = next(iter(caller.patients))
    return described | ({"jti": caller.token_id} if caller.token_id else {})
