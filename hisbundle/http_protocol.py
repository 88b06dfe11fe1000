"""What uvicorn answers before there is a request: told in FHIR, and bounded.

https://uvicorn.dev/#http-implementations. An address too long, a method that is none or a
broken header never reaches the application.
"""

import asyncio

import orjson
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from fhir.outcome import operation_outcome

HEAD_MAX_BYTES = 1 << 20
"""Request line and headers; one read may bring 256 kB of a body with them."""
HEAD_S = 20.0
"""From the connection, or a request's first byte, to the end of its headers."""
CLOSE_S = 10.0
"""For a websocket that has ended to take what is still on its way to it."""
BODY_S = 120.0
"""From there to the end of its body: 5 MB at 350 kbit/s."""


class Protocol(HttpToolsProtocol):
    """HTTP/1.1 with OperationOutcomes for what is no HTTP, and an end for who sends slowly.

    Connections are counted and bounded; whoever opened many and sent next to nothing would keep
    everybody else out.
    """

    head_s, body_s = HEAD_S, BODY_S
    _head_bytes = 0
    _in_body = False
    _patience: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Somebody has come."""
        super().connection_made(transport)
        self._wait(self.head_s)

    def connection_lost(self, exc: Exception | None) -> None:
        """They have gone."""
        self._wait(None)
        super().connection_lost(exc)

    def on_message_begin(self) -> None:
        """A request begins, perhaps the connection's second."""
        self._wait(self.head_s)
        super().on_message_begin()

    def _wait(self, seconds: float | None) -> None:
        """Hang up in so many seconds, unless told otherwise by then."""
        if self._patience is not None:
            self._patience.cancel()
        self._patience = None if seconds is None else self.loop.call_later(seconds, self._hang_up)

    def _hang_up(self) -> None:
        self.transport.abort()

    def data_received(self, data: bytes) -> None:
        """Take in some of a request, unless its head has no end."""
        if not self._in_body:
            self._head_bytes += len(data)
            if self._head_bytes > HEAD_MAX_BYTES:
                self.send_400_response("the request's address and headers are too long")
                return
        super().data_received(data)

    def on_headers_complete(self) -> None:
        """The head has ended."""
        self._in_body = True
        self._wait(self.body_s)
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """The request has ended; another may follow on the connection."""
        self._in_body, self._head_bytes = False, 0
        self._wait(None)
        super().on_message_complete()

    def handle_websocket_upgrade(self) -> None:
        """The connection goes on as a websocket, with bounds of its own (api.sockets)."""
        self._wait(None)
        super().handle_websocket_upgrade()

    def send_400_response(self, msg: str) -> None:
        """The one answer to what is no HTTP; the connection ends with it."""
        body = orjson.dumps(operation_outcome("structure", msg))
        head = (
            "HTTP/1.1 400 Bad Request\r\ncontent-type: application/fhir+json; charset=utf-8\r\n"
            f"content-length: {len(body)}\r\nconnection: close\r\n\r\n"
        )
        self.transport.write(head.encode("ascii") + body)
        self.transport.close()


class Socket(WebSocketsSansIOProtocol):
    """A websocket that ends for who reads nothing: a closed transport still waits for them."""

    async def run_asgi(self) -> None:
        """One connection, from its acceptance to its end."""
        await super().run_asgi()
        self.loop.call_later(CLOSE_S, self.transport.abort)
