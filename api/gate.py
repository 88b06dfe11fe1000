"""The gate: no request passes without a bearer token, whatever its path (RFC 6750)."""

from joserfc.jwk import ECKey
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Receive, Scope, Send

from api.errors import answer
from api.tokens import Caller, verify
from core.errors import Unauthenticated

PUBLIC = frozenset(
    {
        "/health",
        "/metadata",
        "/fhir/metadata",
        "/.well-known/smart-configuration",
        "/fhir/.well-known/smart-configuration",
    }
)


class Gate:
    """ASGI middleware that puts the ``Caller`` into the scope, or answers 401."""

    def __init__(self, app: ASGIApp, key: ECKey) -> None:
        self._app = app
        self._key = key

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a public path or an authenticated caller in."""
        if scope["type"] == "http" and scope["path"] not in PUBLIC:
            try:
                scope["caller"] = self._caller(HTTPConnection(scope))
            except Unauthenticated as refusal:
                await answer(refusal)(scope, receive, send)
                return
        await self._app(scope, receive, send)

    def _caller(self, connection: HTTPConnection) -> Caller:
        scheme, _, token = connection.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            raise Unauthenticated("a bearer token is needed")
        return verify(self._key, token.strip())
