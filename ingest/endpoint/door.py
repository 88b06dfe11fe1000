"""The listening sockets: TCP connections are accepted and led through the TLS handshake.

Accepted here rather than by ``create_server``, which holds any number of connections that never
begin their handshake, and so can use up the file handles of the whole process.
"""

import asyncio
import contextlib
import socket
from collections.abc import Callable
from ssl import SSLContext

import structlog

from ingest.endpoint.connection import Connection
from ingest.endpoint.limits import Limits
from ingest.endpoint.metrics import CONNECTS
from ingest.endpoint.newcomers import Newcomers

_BACKLOG = 1024
_ACCEPT_PAUSE_S = 1.0

log = structlog.get_logger(__name__)


class Door:
    """Listens, accepts, shakes hands. ``make`` gives the connection that a socket becomes."""

    def __init__(
        self,
        make: Callable[[], Connection],
        newcomers: Newcomers,
        context: SSLContext | None,
        limits: Limits,
    ) -> None:
        self._make, self._newcomers = make, newcomers
        self._context, self._limits = context, limits
        self._accepting: asyncio.Task[None] | None = None
        self._handshakes: set[asyncio.Task[None]] = set()
        self._listener: socket.socket | None = None

    @property
    def is_open(self) -> bool:
        """Whether it listens."""
        return self._listener is not None

    @property
    def port(self) -> int | None:
        """The TCP port listened on, None while closed."""
        return int(self._listener.getsockname()[1]) if self._listener else None

    async def open(self, host: str, port: int) -> None:
        """Listen. Raises OSError if that cannot be."""
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
        listener = socket.create_server((host, port), family=found[0][0], backlog=_BACKLOG)
        listener.setblocking(False)
        self._listener = listener
        self._accepting = asyncio.create_task(self._accept(listener), name="mqtt-accept")

    async def close(self) -> None:
        """Listen no more; who still shakes hands is shown out."""
        tasks = [*self._handshakes, *([self._accepting] if self._accepting else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._listener is not None:
            self._listener.close()
            self._listener = None

    async def _accept(self, listener: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                accepted, address = await loop.sock_accept(listener)
            except OSError as error:  # out of file handles, or reset before we came
                log.error("mqtt.accept_failed", error=str(error))
                await asyncio.sleep(_ACCEPT_PAUSE_S)
                continue
            self._receive(accepted, str(address[0]))

    def _receive(self, accepted: socket.socket, address: str) -> None:
        connection = self._make()
        task = asyncio.create_task(self._shake_hands(accepted, address, connection))
        self._handshakes.add(task)
        task.add_done_callback(self._handshakes.discard)

        def show_out() -> None:
            if not task.cancel():  # it has shaken hands already
                connection.link.abort()

        self._newcomers.enter(connection, show_out)

    async def _shake_hands(
        self, accepted: socket.socket, address: str, connection: Connection
    ) -> None:
        tls = self._context is not None
        try:
            await asyncio.get_running_loop().connect_accepted_socket(
                lambda: connection.link,
                accepted,
                ssl=self._context,
                ssl_handshake_timeout=self._limits.connect_s if tls else None,
                ssl_shutdown_timeout=self._limits.linger_s if tls else None,
            )
        except OSError as error:  # SSLError is one
            CONNECTS.labels("TLS").inc()
            log.info("mqtt.refused", address=address, reason=f"TLS handshake: {error!r:.200}")
            self._give_up(accepted, connection)
        except BaseException:  # shown out, and counted where that was decided
            self._give_up(accepted, connection)
            raise

    def _give_up(self, accepted: socket.socket, connection: Connection) -> None:
        self._newcomers.leave(connection)
        with contextlib.suppress(OSError):
            accepted.close()
