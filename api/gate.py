"""The gate: no request passes without a bearer token, whatever its path (RFC 6750).

Discovery is public; the OAuth endpoints find out by themselves who asks.
"""

import structlog
from starlette.types import ASGIApp, Receive, Scope, Send

from api.audit.refusals import Refusals
from api.errors import answer
from api.fields import field
from api.smart.bearers import Bearers
from core.errors import Unauthenticated, Unavailable

PUBLIC = frozenset(
    {
        "/docs/fhir",
        "/health",
        "/metadata",
        "/fhir/metadata",
        "/.well-known/smart-configuration",
        "/fhir/.well-known/smart-configuration",
    }
)
OAUTH = frozenset({"/auth/token", "/auth/introspect", "/auth/revoke"})
_OPEN = PUBLIC | OAUTH
_log = structlog.get_logger(__name__)


class Gate:
    """ASGI middleware that puts the ``Caller`` into the scope, or answers 401."""

    def __init__(self, app: ASGIApp, bearers: Bearers, refusals: Refusals) -> None:
        self._app = app
        self._bearers = bearers
        self._refusals = refusals

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a public path or an authenticated caller in."""
        if scope["type"] == "http" and scope["path"] not in _OPEN:
            try:
                scope["caller"] = await self._bearers.caller(field(scope, b"authorization"))
            except (Unauthenticated, Unavailable) as refusal:
                _log.info("request refused", reason=str(refusal))
                told = answer(refusal)
                await self._refusals.note(scope, told.status_code)
                await told(scope, receive, send)
                return
        await self._app(scope, receive, send)
