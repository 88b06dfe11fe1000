"""One websocket from its acceptance to its end, and why it ended."""

import asyncio
from contextlib import suppress

import structlog
from starlette.websockets import WebSocket, WebSocketDisconnect

from api.sockets.connection import AWAY, ENDED, POLICY, TOO_SLOW, Closed, Connection, Desk
from api.sockets.hub import Full
from api.sockets.metrics import CLOSED
from core.errors import Unavailable

CLOSE_S = 1.0
_REASON_MAX_CHARS = 100
_REASONS = {ENDED: "ended", POLICY: "refused", TOO_SLOW: "slow", AWAY: "away"}
log = structlog.get_logger(__name__)


async def converse(socket: WebSocket, desk: Desk) -> None:
    """One connection, counted once it has ended."""
    await socket.accept()
    reason = "failed"
    try:
        reason = await _run(socket, desk)
    finally:
        CLOSED.labels(reason).inc()


async def _run(socket: WebSocket, desk: Desk) -> str:
    """Converse until either side has enough; why it ended."""
    try:
        await Connection(socket, desk).run()
    except WebSocketDisconnect:
        return "left"
    except Full:
        await _close(socket, Closed(TOO_SLOW, "too many websockets"))
        return "full"
    except Closed as end:
        await _close(socket, end)
        return _REASONS[end.code]
    except Unavailable:
        await _close(socket, Closed(AWAY, "come back later"))
    return "away"


async def _close(socket: WebSocket, end: Closed) -> None:
    """Say why, unless the other side takes nothing any more."""
    log.info("websocket closed", reason=str(end), code=end.code)
    with suppress(TimeoutError, WebSocketDisconnect):
        async with asyncio.timeout(CLOSE_S):
            await socket.close(end.code, str(end)[:_REASON_MAX_CHARS])
