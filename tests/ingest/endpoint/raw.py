"""A client that says exactly what it is told to, on the codec alone."""

import asyncio
import socket
from ssl import SSLContext
from typing import Self, TypeVar, cast
from uuid import UUID

import mqtt5

P = TypeVar("P")


class RawClient:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer
        self._buffer = b""

    @classmethod
    async def open(cls, port: int, tls: SSLContext | None = None) -> Self:
        return cls(*await asyncio.open_connection("127.0.0.1", port, ssl=tls))

    @classmethod
    async def enter(cls, port: int, device: UUID, client_id: str = "raw") -> Self:
        client = await cls.open(port)
        client.say(mqtt5.ConnectPacket(client_id, username=str(device), password=b"secret"))
        connack = await client.hear(mqtt5.ConnAckPacket)
        assert connack.reason_code is mqtt5.ConnAckReasonCode.SUCCESS
        return client

    def say(self, *packets: mqtt5.Packet) -> None:
        self.writer.write(b"".join(packet.write() for packet in packets))

    async def hear(self, kind: type[P]) -> P:
        async with asyncio.timeout(10):
            while True:
                try:
                    packet, n_bytes = mqtt5.read(memoryview(self._buffer))
                except IndexError:
                    data = await self.reader.read(65_536)
                    if not data:
                        raise EOFError from None
                    self._buffer += data
                else:
                    self._buffer = self._buffer[n_bytes:]
                    assert isinstance(packet, kind), packet
                    return packet

    def deafen(self) -> None:
        """Read nothing more from the socket, whose buffer is made small."""
        transport = cast(asyncio.Transport, self.writer.transport)
        transport.pause_reading()
        sock = transport.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)

    async def rest(self) -> bytes:
        async with asyncio.timeout(10):
            try:
                return self._buffer + await self.reader.read()
            except ConnectionResetError:
                return self._buffer

    async def close(self) -> None:
        self.writer.transport.abort()
        await asyncio.sleep(0)
