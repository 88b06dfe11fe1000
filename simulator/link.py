"""One MQTT 5 connection of a device: QoS 1 out, what is for it in (PROTOCOL.md, section 1)."""

import asyncio
import ssl
from collections.abc import Callable
from typing import Any
from uuid import UUID

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from core.errors import Unavailable
from core.topics import ack_topic, chunk_topic, command_topic, key_topic
from simulator.background import in_background
from simulator.enrolment import MqttAddress

KEEP_ALIVE_S = 30
CONNECT_TIMEOUT_S = 10.0
IN_FLIGHT_MAX = 32


class Link:
    """A connection that is made once, used, and thrown away when it breaks.

    The library runs its own network thread; everything it reports is handed to the event loop.
    """

    def __init__(
        self,
        address: MqttAddress,
        device_id: UUID,
        password: str,
        on_ack: Callable[[bytes], None],
        on_command: Callable[[bytes], None],
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._address = address
        self._device_id = device_id
        self._hears = {ack_topic(device_id): on_ack, command_topic(device_id): on_command}
        self._ready: asyncio.Future[None] = self._loop.create_future()
        self.closed = asyncio.Event()
        self._client = self._make_client(password)

    def _make_client(self, password: str) -> mqtt.Client:
        client = mqtt.Client(
            CallbackAPIVersion.VERSION2, client_id=str(self._device_id), protocol=mqtt.MQTTv5
        )
        address = self._address
        client.username_pw_set(
            address.username or str(self._device_id), address.password or password
        )
        client.max_inflight_messages_set(IN_FLIGHT_MAX)
        client.connect_timeout = CONNECT_TIMEOUT_S
        if self._address.tls:
            client.tls_set_context(ssl.create_default_context(cadata=self._address.ca_pem))
        client.on_connect = self._connected
        client.on_subscribe = self._subscribed
        client.on_message = self._message
        client.on_disconnect = self._disconnected
        return client

    async def open(self) -> None:
        """Connect, log in and subscribe. Raises Unavailable with the reason otherwise."""
        try:
            await in_background(
                self._client.connect,
                self._address.host,
                self._address.port,
                KEEP_ALIVE_S,
                clean_start=True,  # the outbox, not the broker, remembers what is owed
            )
            self._client.loop_start()
            async with asyncio.timeout(CONNECT_TIMEOUT_S):
                await self._ready
        except (OSError, TimeoutError) as error:
            raise Unavailable(f"MQTT at {self._address.host}: {error or 'time-out'}") from error

    def publish(self, frame: bytes) -> None:
        """Hand a sealed chunk to the connection (at least once, while it lasts)."""
        self._client.publish(chunk_topic(self._device_id), frame, qos=1)

    def ask(self, request: bytes) -> None:
        """Hand a request for a new key to the connection."""
        self._client.publish(key_topic(self._device_id), request, qos=1)

    async def close(self) -> None:
        """Say goodbye and end the network thread."""
        self._client.disconnect()
        await asyncio.to_thread(self._client.loop_stop)

    def _tell(self, callback: Callable[..., object], *arguments: object) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(callback, *arguments)

    def _settle(self, error: str | None) -> None:
        if error is None:
            if not self._ready.done():
                self._ready.set_result(None)
            return
        if not self._ready.done():
            self._ready.set_exception(Unavailable(error))
            self._ready.exception()
        self.closed.set()

    def _connected(
        self, client: mqtt.Client, _data: Any, _flags: Any, reason: ReasonCode, _props: Any
    ) -> None:
        if reason.is_failure:
            self._tell(self._settle, f"MQTT login refused: {reason}")
            return
        client.subscribe([(topic, SubscribeOptions(qos=1)) for topic in self._hears])

    def _subscribed(
        self, _client: mqtt.Client, _data: Any, _mid: int, reasons: list[ReasonCode], _props: Any
    ) -> None:
        refused = [str(reason) for reason in reasons if reason.is_failure]
        self._tell(self._settle, f"subscription refused: {refused[0]}" if refused else None)

    def _message(self, _client: mqtt.Client, _data: Any, message: mqtt.MQTTMessage) -> None:
        hear = self._hears.get(message.topic)
        if hear is not None:
            self._tell(hear, bytes(message.payload))

    def _disconnected(
        self, _client: mqtt.Client, _data: Any, _flags: Any, reason: ReasonCode, _props: Any
    ) -> None:
        self._tell(self._settle, f"connection lost: {reason}")
