"""The HTTP server: uvicorn as a task of ours, which neither exits nor takes signals."""

import asyncio
import contextlib
import socket
from collections.abc import Callable, Iterator

import uvicorn
from starlette.types import ASGIApp

from core.settings import Settings
from hisbundle.http_protocol import Protocol, Socket

GRACE_S = 5
"""What running requests get to end."""
CONCURRENT_MAX = 1000
WS_MESSAGE_MAX_BYTES = 4096
"""Of what a client says on a websocket: a token."""
WS_PING_S = 20.0


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, started: Callable[[], None]) -> None:
        super().__init__(config)
        self._tell_started = started

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, and say so."""
        await super().startup(sockets)
        self._tell_started()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals to the service."""
        yield


async def serve_http(app: ASGIApp, settings: Settings, started: Callable[[], None]) -> None:
    """Serve until cancelled; calls ``started`` once connections are accepted.

    Raises OSError if the address cannot be listened on.
    """
    config = uvicorn.Config(
        app,
        http=Protocol,
        ws=Socket,
        ws_max_size=WS_MESSAGE_MAX_BYTES,
        ws_ping_interval=WS_PING_S,
        ws_ping_timeout=WS_PING_S,
        ws_per_message_deflate=False,  # what is compressed beside a secret can be guessed
        log_config=None,
        access_log=False,
        server_header=False,
        lifespan="off",
        limit_concurrency=CONCURRENT_MAX,
        timeout_graceful_shutdown=GRACE_S,
        ssl_certfile=settings.tls_cert_file,
        ssl_keyfile=settings.tls_key_file,
    )
    server = _Server(config, started)
    with _listen(settings.bind_host, settings.http_port) as listener:
        task = asyncio.create_task(server.serve(sockets=[listener]))
        try:
            await asyncio.wait([task])
            task.result()
        finally:
            server.should_exit = True
            await asyncio.wait([task])


def _listen(host: str, port: int) -> socket.socket:
    family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
    return socket.create_server((host, port), family=family, backlog=2048)
