"""A device's MQTT 5 connection, bare: publishes with a window, counts PUBACKs."""

import asyncio
import ssl
from collections.abc import Sequence
from typing import cast
from uuid import UUID

import mqtt5

from core.topics import ack_topic, chunk_topic

WINDOW = 32
"""Publishes in flight; the endpoint allows 64."""
_PACKET_IDS = 65_535


class MqttClient(asyncio.Protocol):
    """Connects with ``open``; ``publish`` returns once all its packets are acknowledged."""

    def __init__(self, device_id: UUID, password: str) -> None:
        self._device_id, self._password = device_id, password
        self._buffer = b""
        self._ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._done = self._ready
        self._queue: list[bytes] = []
        self._unacknowledged = 0
        self._transport: asyncio.Transport | None = None

    @classmethod
    async def open(
        cls, port: int, context: ssl.SSLContext, device_id: UUID, password: str
    ) -> "MqttClient":
        """Connected, logged in, subscribed to the acknowledgements."""
        client = cls(device_id, password)
        loop = asyncio.get_running_loop()
        await loop.create_connection(lambda: client, "127.0.0.1", port, ssl=context)
        await asyncio.wait_for(client._ready, 30)
        return client

    def packets(self, frames: Sequence[bytes], first: int) -> list[bytes]:
        """PUBLISH packets of QoS 1, ready to be written; ``first`` counts the device's chunks."""
        topic = chunk_topic(self._device_id)
        return [
            mqtt5.PublishPacket(
                topic,
                frame,
                qos=mqtt5.QoS.AT_LEAST_ONCE,
                packet_id=(first + n) % _PACKET_IDS + 1,
            ).write()
            for n, frame in enumerate(frames)
        ]

    async def publish(self, packets: Sequence[bytes]) -> None:
        """Publish all and wait for their PUBACKs. Raises RuntimeError if one is refused."""
        self._done = asyncio.get_running_loop().create_future()
        self._queue = list(reversed(packets))
        self._fill()
        await self._done

    def close(self) -> None:
        """End the connection at once."""
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Log in."""
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is not a subclass
        name, password = str(self._device_id), self._password.encode()
        connect = mqtt5.ConnectPacket(name, username=name, password=password, clean_start=True)
        self._write(connect.write())

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell whoever waits."""
        if not self._done.done():
            self._done.set_exception(RuntimeError(f"connection lost: {exc}"))

    def data_received(self, data: bytes) -> None:
        """Take all whole packets."""
        view, at = memoryview(self._buffer + data), 0
        try:
            while True:
                packet, n_bytes = mqtt5.read(view[at:])
                at += n_bytes
                self._take(packet)
        except IndexError:  # the codec's word for "not all there yet"
            self._buffer = bytes(view[at:])
        self._fill()

    def _take(self, packet: object) -> None:
        if isinstance(packet, mqtt5.PubAckPacket):
            self._unacknowledged -= 1
            if packet.reason_code is not mqtt5.PubAckReasonCode.SUCCESS and not self._done.done():
                self._done.set_exception(RuntimeError(f"refused: {packet.reason_code}"))
        elif isinstance(packet, mqtt5.ConnAckPacket):
            wanted = mqtt5.Subscription(ack_topic(self._device_id))
            self._write(mqtt5.SubscribePacket(1, [wanted]).write())
        elif isinstance(packet, mqtt5.SubAckPacket):
            self._ready.set_result(None)

    def _fill(self) -> None:
        room = WINDOW - self._unacknowledged
        now = [self._queue.pop() for _ in range(min(room, len(self._queue)))]
        if now:
            self._unacknowledged += len(now)
            self._write(b"".join(now))
        elif not self._unacknowledged and not self._done.done() and self._done is not self._ready:
            self._done.set_result(None)

    def _write(self, data: bytes) -> None:
        if self._transport is not None:
            self._transport.write(data)
