"""What uvicorn answers before there is a request: told in FHIR, and bounded.

https://uvicorn.dev/#http-implementations. An address too long, a method that is none or a
broken header never reaches the application.
"""

import orjson
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from fhir.outcome import operation_outcome

HEAD_MAX_BYTES = 1 << 20
"""Request line and headers; one read may bring 256 kB of a body with them."""


class Protocol(HttpToolsProtocol):
    """HTTP/1.1 with OperationOutcomes for what is no HTTP."""

    _head_bytes = 0
    _in_body = False

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
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """The request has ended; another may follow on the connection."""
        self._in_body, self._head_bytes = False, 0
        super().on_message_complete()

    def send_400_response(self, msg: str) -> None:
        """The one answer to what is no HTTP; the connection ends with it."""
        body = orjson.dumps(operation_outcome("structure", msg))
        head = (
            "HTTP/1.1 400 Bad Request\r\ncontent-type: application/fhir+json; charset=utf-8\r\n"
            f"content-length: {len(body)}\r\nconnection: close\r\n\r\n"
        )
        self.transport.write(head.encode("ascii") + body)
        self.transport.close()
