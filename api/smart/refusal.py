"""Refusals of the token, introspection and revocation endpoints (RFC 6749, section 5.2)."""

from collections.abc import Awaitable, Callable
from functools import wraps

import structlog
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from api.disclosure import acting
from core.errors import HisbundleError, Unavailable

NO_STORE = {"Cache-Control": "no-store", "Pragma": "no-cache"}
RETRY_AFTER_S = "5"
_MAX_LOGGED_CHARS = 64
_STATUSES = {"invalid_client": 401, "invalid_token": 401, "temporarily_unavailable": 503}
_log = structlog.get_logger(__name__)

Endpoint = Callable[[Request], Awaitable[Response]]


class Refusal(HisbundleError):
    """A request refused with an OAuth error ``code``.

    ``told`` goes to the client, ``reason`` to the log; ``client`` is who it says it is.
    """

    def __init__(self, code: str, told: str, *, reason: str = "", client: str = "") -> None:
        super().__init__(reason or told)
        self.code = code
        self.told = told
        self.client = client[:_MAX_LOGGED_CHARS]


def oauth(endpoint: Endpoint) -> Endpoint:
    """``endpoint``, its refusals answered as OAuth has it, and logged."""

    @wraps(endpoint)
    async def answered(request: Request) -> Response:
        try:
            return await endpoint(request)
        except Refusal as refusal:
            if refusal.client:
                acting(request, refusal.client)
            return _answer(refusal, endpoint.__name__)
        except HTTPException as error:  # a body too long, or of another type
            return _answer(Refusal("invalid_request", error.detail), endpoint.__name__)
        except Unavailable:
            told = "the service cannot answer just now; please try again"
            return _answer(Refusal("temporarily_unavailable", told), endpoint.__name__)

    return answered


def _answer(refusal: Refusal, endpoint: str) -> Response:
    _log.warning(
        "request refused",
        endpoint=endpoint,
        client=refusal.client,
        error=refusal.code,
        reason=str(refusal),
    )
    status = _STATUSES.get(refusal.code, 400)
    headers = dict(NO_STORE)
    if refusal.code == "invalid_token":
        headers["WWW-Authenticate"] = 'Bearer realm="hisbundle", error="invalid_token"'
    if status == 503:
        headers["Retry-After"] = RETRY_AFTER_S
    body = {"error": refusal.code, "error_description": refusal.told}
    return JSONResponse(body, status, headers)
