"""The outermost layer: request id, log line, metrics, and the answer to what nobody expected."""

import re
import time
from secrets import token_hex

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.errors import answer
from api.fields import field
from api.formats import outgoing
from api.metrics import meters

_REQUEST_ID = re.compile(r"[A-Za-z0-9_.\-]{1,64}")
_NOSNIFF = (b"x-content-type-options", b"nosniff")
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_log = structlog.get_logger(__name__)


class Edge:
    """ASGI middleware around everything else."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, whatever happens."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        given = field(scope, b"x-request-id")
        request_id = given if given and _REQUEST_ID.fullmatch(given) else token_hex(16)
        scope["request_id"] = request_id
        status = 0

        async def tell(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                named = (b"x-request-id", request_id.encode())
                message["headers"] = [*message.get("headers", ()), named, _NOSNIFF]
            await send(message)

        began = time.monotonic()
        try:
            await self._app(scope, receive, tell)
        except Exception as error:
            _log.exception("request failed", request_id=request_id, route=_route(scope))
            if status:  # too late for another answer: the connection must break
                raise
            await answer(error)(scope, receive, outgoing(scope, tell))
        finally:
            _count(scope, status, time.monotonic() - began, request_id)


def _route(scope: Scope) -> str:
    """The route's pattern: a path itself may name a patient."""
    return str(getattr(scope.get("route"), "path", "none"))


def _count(scope: Scope, status: int, seconds: float, request_id: str) -> None:
    method = scope["method"] if scope["method"] in _METHODS else "other"
    route = _route(scope)
    count, lasted = meters(method, route, status)
    count.inc()
    lasted.observe(seconds)
    _log.debug(
        "request",
        request_id=request_id,
        method=method,
        route=route,
        status=status,
        ms=round(seconds * 1000, 1),
    )
