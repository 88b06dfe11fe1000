"""One stay with a broker: subscribed, frames handed over, acknowledged once they are settled."""

import asyncio
import contextlib
import ssl
from collections import deque
from collections.abc import Sequence
from typing import Any

import aiomqtt
import structlog
from mqtt5 import PublishPacket, QoS, RetainHandling

from core.errors import HisbundleError
from core.topics import CHUNK_FILTER, KEY_FILTER
from ingest.broker.address import BrokerAddress
from ingest.broker.client import BrokerClient
from ingest.broker.metrics import FRAMES
from ingest.frames import ChunkSink, Frame
from ingest.inflight import InFlight, Settled

log = structlog.get_logger(__name__)
DRAIN_S = 5.0
LEAVING = "leaving"


class Stay:
    """From CONNECT until the connection is lost, the sink fails, or ``leave`` is set.

    PUBACK is sent after the outcome, in order of arrival, and is a success even where the
    frame was refused: by then it is kept aside, and must not come again.
    """

    def __init__(
        self,
        sink: ChunkSink,
        address: BrokerAddress,
        context: ssl.SSLContext | None,
        client_id: str,
        session_expiry_s: int,
        receive_max: int,
    ) -> None:
        self.client = BrokerClient(
            address, context, client_id, session_expiry_s, receive_max, self._published
        )
        self.leave = asyncio.Event()
        self._in_flight = InFlight(sink, self._settled, self._failed)
        # Above Receive Maximum, so that a broker that keeps to it is never not listened to.
        self._room_max = 2 * receive_max
        self._due: deque[int] = deque()
        self._wake = asyncio.Event()
        self._caught_up = asyncio.Event()
        self._caught_up.set()
        self._failure: asyncio.Future[BaseException] = asyncio.Future()

    async def subscribe(self) -> bool:
        """Ask for all chunks; whether the broker had kept our session.

        Raises NegativeAckError if it refuses, ConnectionError if the connection is lost.
        """
        answer = await self.client.connected()
        asking = asyncio.create_task(self._ask_for(CHUNK_FILTER))
        lost = asyncio.create_task(self.client.lost())
        try:
            await asyncio.wait((asking, lost), return_when=asyncio.FIRST_COMPLETED)
            if not asking.done():
                raise ConnectionError(f"lost while subscribing: {lost.result()}")
            await asking
        finally:
            await _end(asking, lost)
        return answer.session_present

    async def _ask_for_keys(self) -> None:
        """No chunk waits for this, and none is lost where the broker refuses it."""
        try:
            await self._ask_for(KEY_FILTER)
        except aiomqtt.NegativeAckError as error:  # rules from before there were such topics
            log.error("broker.no_key_requests", reason=str(error), filter=KEY_FILTER)
        except (aiomqtt.ConnectError, OSError):
            return  # the stay ends by itself, and the next one asks again

    async def _ask_for(self, topic_filter: str) -> None:
        await self.client.subscribe(
            topic_filter,
            max_qos=QoS.AT_LEAST_ONCE,
            retain_handling=RetainHandling.SEND_NEVER,
        )

    async def last(self) -> str:
        """Acknowledge until the stay ends; says why it did."""
        lost = asyncio.create_task(self.client.lost())
        leaving = asyncio.create_task(self.leave.wait())
        acknowledging = asyncio.create_task(self._acknowledge())
        asking = asyncio.create_task(self._ask_for_keys())
        ends = (lost, leaving, acknowledging, self._failure)
        try:
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
            if leaving.done():
                await self._finish()
                return LEAVING
            if self._failure.done():
                return f"ingest failed: {self._failure.result()!r}"
            return lost.result() if lost.done() else repr(acknowledging.exception())
        finally:
            self.client.room.clear()
            await _end(lost, leaving, acknowledging, asking, *self._in_flight.release())

    async def _finish(self) -> None:
        """Take nothing more, let what is in flight be settled, acknowledge it."""
        self.client.room.clear()
        await self._in_flight.wait(DRAIN_S)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(DRAIN_S):
                await self._caught_up.wait()

    def _published(self, packet: PublishPacket) -> None:
        self._in_flight.start(Frame(packet.topic, packet.payload), packet.packet_id)
        self._regulate()

    def _settled(self, settled: Sequence[Settled]) -> None:
        for packet_id, _, outcome in settled:
            FRAMES.labels(outcome.refusal or outcome.kind).inc()
            if packet_id is not None:
                self._due.append(packet_id)
                self._caught_up.clear()
        self._wake.set()

    def _failed(self, error: BaseException) -> None:
        if not isinstance(error, HisbundleError | asyncio.CancelledError):
            log.error("broker.ingest_failed", exc_info=error)
        if not self._failure.done():
            self._failure.set_result(error)

    def _regulate(self) -> None:
        if len(self._in_flight) + len(self._due) >= self._room_max:
            self.client.room.clear()
        else:
            self.client.room.set()

    async def _acknowledge(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._due:
                await self.client.puback(self._due.popleft())
            self._caught_up.set()
            self._regulate()


async def _end(*tasks: asyncio.Task[Any]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
