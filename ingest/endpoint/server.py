"""The endpoint's sockets: listen, serve, close."""

import asyncio
from ssl import SSLContext
from uuid import UUID

import structlog

from core.topics import ack_topic, command_topic
from ingest.endpoint.connection import Connection
from ingest.endpoint.door import Door
from ingest.endpoint.doorkeeper import Authenticate
from ingest.endpoint.hub import Hub
from ingest.endpoint.limits import Limits
from ingest.frames import ChunkSink

log = structlog.get_logger(__name__)


class MqttEndpoint:
    """A small MQTT 5 server for devices: QoS 0 and 1 in, acknowledgements and commands out.

    PUBACK follows the sink's outcome, which follows the commit. There is no session that
    outlives a connection: acknowledgements are cumulative and devices resend what is not
    acknowledged, so nothing is gained by keeping one. ``ssl_context`` None serves plain TCP,
    for use behind something that ends TLS. ``port`` 0 takes a free one. A client certificate,
    where the context asks for one, must name the device; without one a client is refused if
    ``certificate_required``.
    """

    def __init__(
        self,
        sink: ChunkSink,
        authenticate: Authenticate,
        ssl_context: SSLContext | None,
        host: str = "127.0.0.1",
        port: int = 8883,
        limits: Limits | None = None,
        certificate_required: bool = False,
    ) -> None:
        self.limits = limits or Limits()
        self._host = host
        self._port = port
        self._hub = Hub(sink, authenticate, self.limits, certificate_required)
        self._door = Door(self._connection, self._hub.newcomers, ssl_context, self.limits)
        self._tls = ssl_context is not None

    @property
    def port(self) -> int:
        """The TCP port listened on, once started."""
        return self._door.port or self._port

    @property
    def n_connections(self) -> int:
        """Open connections."""
        return len(self._hub.peers)

    async def start(self) -> None:
        """Listen; returns once connections are accepted. Raises OSError if it cannot."""
        await self._door.open(self._host, self._port)
        log.info("mqtt.listening", host=self._host, port=self.port, tls=self._tls)

    async def serve(self) -> None:
        """Start unless started, run until cancelled, close."""
        if not self._door.is_open:
            await self.start()
        try:
            await asyncio.Event().wait()
        finally:
            await self.close()

    async def close(self) -> None:
        """Stop listening, settle what is in flight (``drain_s`` at most), end every connection.

        Call it before the ingest core is closed, so that what it commits is acknowledged.
        """
        await self._door.close()
        await asyncio.gather(*(each.shut_down() for each in self._open()))
        await self._hub.drain()

    async def send(self, device_id: UUID, payload: bytes) -> None:
        """Send an acknowledgement to a device: QoS 0, to each of its connections that subscribed.

        One that is away, or does not read, misses it; the next one says the same and more.
        """
        self._hub.deliver(device_id, ack_topic(device_id), payload)

    async def command(self, device_id: UUID, payload: bytes) -> int:
        """Send a command to a device in the same way; the number of connections reached."""
        return self._hub.deliver(device_id, command_topic(device_id), payload)

    @property
    def devices(self) -> set[UUID]:
        """The devices that are connected."""
        return self._hub.devices

    def bar(self, device_id: UUID) -> None:
        """End a device's connections; whether it comes back is for ``authenticate`` to say."""
        self._hub.bar(device_id)

    def _connection(self) -> Connection:
        return Connection(self._hub)

    def _open(self) -> list[Connection]:
        return [peer for peer in self._hub.peers if isinstance(peer, Connection)]
