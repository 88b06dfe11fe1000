"""The service as a subscriber of an MQTT 5 broker: stay subscribed, whatever happens to it."""

import asyncio
import contextlib
import random
import ssl
from uuid import UUID

import aiomqtt
import structlog

from core.errors import Incorrect
from core.settings import Settings
from core.topics import ack_topic, command_topic
from ingest.broker.address import BrokerAddress, parse_address, tls_context
from ingest.broker.metrics import ACKS, CONNECTED, CONNECTS
from ingest.broker.stay import LEAVING, Stay
from ingest.frames import ChunkSink

log = structlog.get_logger(__name__)

_ENTER_S = 10.0
_FIRST_PAUSE_S = 0.5
_LONGEST_PAUSE_S = 30.0
_STEADY_S = 30.0
"""A stay of this length begins the pauses anew; a shorter one may be two services in a fight
over one client id."""


def pause_s(attempt: int, luck: float) -> float:
    """Seconds to wait after failure number ``attempt`` (from 0); ``luck`` in 0..1 spreads them.

    Exponential with jitter in its upper half, so that many clients do not come back as one.
    """
    longest_s = min(_LONGEST_PAUSE_S, _FIRST_PAUSE_S * 2.0 ** min(attempt, 16))
    return longest_s * (0.5 + 0.5 * luck)


class BrokerSubscriber:
    """Feeds every chunk that a broker passes on into the sink, and sends acknowledgements back.

    One stable ``client_id`` per process: with it the broker keeps a queue for
    ``session_expiry_s`` while we are away. ``receive_max`` publishes are in flight at most at
    a broker that keeps to it, twice as many at one that does not.
    """

    def __init__(
        self,
        sink: ChunkSink,
        address: BrokerAddress,
        context: ssl.SSLContext | None,
        client_id: str,
        session_expiry_s: int,
        receive_max: int = 1000,
    ) -> None:
        self._sink = sink
        self._address = address
        self._context = context
        self._client_id = client_id
        self._session_expiry_s = session_expiry_s
        self._receive_max = min(receive_max, 65_535)
        self._stay: Stay | None = None
        self._entering: asyncio.Timeout | None = None
        self._closing = asyncio.Event()
        self._ended = asyncio.Event()
        self._ended.set()
        self.subscribed = asyncio.Event()
        """Set while the broker passes chunks on to us."""

    async def run(self) -> None:
        """Stay subscribed until ``close`` or cancellation; whatever fails is tried again."""
        self._ended.clear()
        attempt = 0
        clock = asyncio.get_running_loop()
        try:
            while not self._closing.is_set():
                began_s = clock.time()
                await self._visit()
                if clock.time() - began_s > _STEADY_S:
                    attempt = 0
                await self._pause(pause_s(attempt, random.random()))  # noqa: S311 (no secret)
                attempt += 1
        finally:
            self._ended.set()

    async def close(self) -> None:
        """Settle and acknowledge what is in flight, leave the session at the broker, return.

        Call it before the ingest core is closed.
        """
        self._closing.set()
        if self._stay is not None:
            self._stay.leave.set()
        if self._entering is not None:
            self._entering.reschedule(asyncio.get_running_loop().time())
        await self._ended.wait()

    async def send(self, device_id: UUID, payload: bytes) -> None:
        """Publish an acknowledgement at QoS 0; it is dropped while the broker is away or slow."""
        await self._publish(ack_topic(device_id), payload)

    async def command(self, device_id: UUID, payload: bytes) -> None:
        """Publish a command at QoS 0; it is dropped while the broker is away or slow."""
        await self._publish(command_topic(device_id), payload)

    async def _publish(self, topic: str, payload: bytes) -> None:
        stay = self._stay
        if stay is None or not self.subscribed.is_set() or stay.client.congested:
            ACKS.labels("dropped").inc()
            return
        try:
            await stay.client.publish(topic, payload)
        except (aiomqtt.ConnectError, OSError, RuntimeError):
            ACKS.labels("dropped").inc()
        else:
            ACKS.labels("sent").inc()

    async def _visit(self) -> None:
        self._stay = stay = Stay(
            self._sink,
            self._address,
            self._context,
            self._client_id,
            self._session_expiry_s,
            self._receive_max,
        )
        try:
            async with contextlib.AsyncExitStack() as stack:
                async with asyncio.timeout(_ENTER_S) as self._entering:
                    await stack.enter_async_context(stay.client)
                    resumed = await stay.subscribe()
                self._entering = None
                await self._attend(stay, resumed)
        except aiomqtt.NegativeAckError as error:
            self._report("refused", f"{error} {error.reason_str or ''}".strip())
        except aiomqtt.ProtocolError as error:
            self._report("protocol", f"{error} (is it an MQTT 5 broker?)")
        except (aiomqtt.ConnectError, OSError) as error:  # TimeoutError, SSLError are OSErrors
            self._report("away", str(error) or "no answer in time")
        finally:
            self._stay = self._entering = None

    async def _attend(self, stay: Stay, resumed: bool) -> None:
        self.subscribed.set()
        CONNECTED.set(1)
        CONNECTS.labels("subscribed").inc()
        log.info("broker.subscribed", broker=str(self._address), session_resumed=resumed)
        try:
            reason = await stay.last()
        finally:
            self.subscribed.clear()
            CONNECTED.set(0)
        if reason != LEAVING:
            self._report("lost", reason)

    def _report(self, result: str, reason: str) -> None:
        CONNECTS.labels(result).inc()
        if self._closing.is_set():
            return
        level = log.error if result in ("refused", "protocol") else log.warning
        level("broker." + result, broker=str(self._address), reason=reason)

    async def _pause(self, delay_s: float) -> None:
        try:
            async with asyncio.timeout(delay_s):
                await self._closing.wait()
        except TimeoutError:
            return


def subscriber_from(settings: Settings, sink: ChunkSink) -> BrokerSubscriber:
    """The subscriber that the settings ask for. Raises Incorrect for settings that cannot be."""
    if settings.mqtt_url is None:
        raise Incorrect("mqtt_url is not set")
    address = parse_address(settings.mqtt_url.get_secret_value())
    context = (
        tls_context(
            settings.mqtt_ca_file, settings.mqtt_client_cert_file, settings.mqtt_client_key_file
        )
        if address.tls
        else None
    )
    return BrokerSubscriber(
        sink,
        address,
        context,
        settings.mqtt_client_id,
        settings.mqtt_session_expiry_s,
        settings.ingest_batch_max,
    )
