"""aiomqtt's client, made fit for at-least-once.

aiomqtt 3.0.0a1 (github.com/empicano/aiomqtt) acknowledges by hand, which is what is needed,
but as it stands it

* resolves and connects with blocking calls on the event loop, and over IPv4 only;
* reads the socket without end into a queue without bound (brokers exceed the Receive Maximum
  once acknowledgements flow), and drops QoS 0 messages whenever nobody waits;
* on its own reconnects, keeps queued messages whose packet identifiers are void by then, so
  that acknowledging them acknowledges others;
* does not end, nor say so, when its receiving task dies of a connection reset;
* swallows a cancellation, or raises what its tasks died of, when it is left.

So a client here lives for one connection, takes publishes off before they are queued, stops
reading where there is no room, and tells when it is lost, however that came about.
"""

import asyncio
import contextlib
import ssl
import types
from collections.abc import Callable

import aiomqtt
from mqtt5 import ConnAckPacket, ConnAckReasonCode, ConnectPacket, Packet, PublishPacket

from ingest.broker.address import BrokerAddress

KEEP_ALIVE_S = 30
MAX_PACKET_BYTES = 65_536
OUTGOING_MAX_BYTES = 65_536
LEAVE_S = 5.0


class BrokerClient(aiomqtt.Client):
    """One connection to a broker; use as an async context manager, once.

    ``on_publish`` is called for every PUBLISH; clearing ``room`` stops the reading of the
    socket. The session stays with the broker for ``session_expiry_s`` after the connection.
    """

    def __init__(
        self,
        address: BrokerAddress,
        context: ssl.SSLContext | None,
        client_id: str,
        session_expiry_s: int,
        receive_max: int,
        on_publish: Callable[[PublishPacket], None],
    ) -> None:
        super().__init__(
            hostname=address.host,
            port=address.port,
            identifier=client_id,
            ssl_context=context,
            username=address.username,
            password=address.password,
            clean_start=False,
            session_expiry_interval=session_expiry_s,
            receive_max=receive_max,
            keep_alive=KEEP_ALIVE_S,
            max_packet_size=MAX_PACKET_BYTES,
        )
        self.room = asyncio.Event()
        self.room.set()
        self._on_publish = on_publish

    async def _connect(self) -> None:
        self._reader, self._writer = await asyncio.open_connection(
            self._hostname, self._port, ssl=self._ssl_context
        )
        try:
            answer = await self._introduce()
        except BaseException:
            self._writer.transport.abort()
            raise
        if answer.server_keep_alive is not None:
            self._keep_alive = answer.server_keep_alive
        self._send_semaphore = asyncio.BoundedSemaphore(answer.receive_max)
        self._connected.set_result(answer)
        self._disconnected = asyncio.Future()

    async def _introduce(self) -> ConnAckPacket:
        connect = ConnectPacket(
            self.identifier,
            username=self._username,
            password=self._password,
            clean_start=self._clean_start,
            keep_alive=self._keep_alive,
            session_expiry_interval=self._session_expiry_interval,
            receive_max=self._receive_max,
            max_packet_size=self._max_packet_size,
        )
        await self._send(connect)
        answer = await self._receive()
        if not isinstance(answer, ConnAckPacket):
            raise aiomqtt.ProtocolError(f"{type(answer).__name__} instead of CONNACK")
        if answer.reason_code is not ConnAckReasonCode.SUCCESS:
            raise aiomqtt.NegativeAckError(answer)
        return answer

    async def _receive(self) -> Packet:
        while True:
            await self.room.wait()
            packet = await self._read()
            if not isinstance(packet, PublishPacket):
                return packet
            self._on_publish(packet)

    async def _read(self) -> Packet:
        try:
            return await super()._receive()
        except BaseException as error:
            # mqtt5 0.6 panics on a string that is not UTF-8; the panic cannot be imported.
            if type(error).__name__ != "PanicException":
                raise
            raise aiomqtt.ProtocolError("a string is not UTF-8") from error

    async def lost(self) -> str:
        """Return once the connection is gone, with what is known of why."""
        await asyncio.wait((self._tasks, self._disconnected), return_when=asyncio.FIRST_COMPLETED)
        error = self._tasks.exception() if self._tasks.done() else None
        while isinstance(error, BaseExceptionGroup):
            error = error.exceptions[0]
        return "closed" if error is None else repr(error)

    @property
    def congested(self) -> bool:
        """Whether the broker does not read what we write."""
        return self._writer.transport.get_write_buffer_size() >= OUTGOING_MAX_BYTES

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        tb: types.TracebackType | None,
    ) -> None:
        """Say goodbye if that is still possible, and close in any case."""
        try:
            self._tasks.cancel()
            await asyncio.gather(self._tasks, return_exceptions=True)
            # A dead connection fails here in many ways, none of which matters any more.
            with contextlib.suppress(Exception):
                async with asyncio.timeout(LEAVE_S):
                    await self._disconnect()
        finally:
            self._writer.transport.abort()
