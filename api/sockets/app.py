"""The way of a websocket into the application: beside HTTP, to one path alone."""

from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocket

from api.sockets.connection import Desk
from api.sockets.ending import converse
from api.sockets.tokens import PATH


class Sockets:
    """ASGI middleware around everything that speaks HTTP.

    No bearer token is asked for: the token that binds is shown in the first message, for
    browsers cannot send headers. Elsewhere than at PATH a websocket is refused (403).
    """

    def __init__(self, app: ASGIApp, desk: Desk) -> None:
        self._app = app
        self._desk = desk

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass HTTP on, and converse with who is in the right place."""
        if scope["type"] != "websocket":
            await self._app(scope, receive, send)
            return
        socket = WebSocket(scope, receive, send)
        if scope["path"] == PATH:
            await converse(socket, self._desk)
        else:
            await socket.close()
