"""One client's connection: CONNECT to DISCONNECT (OASIS MQTT 5.0, 4)."""

import asyncio
from collections.abc import Sequence
from enum import Enum, auto
from uuid import UUID

import mqtt5
import structlog
from mqtt5 import ConnAckReasonCode
from mqtt5 import DisconnectReasonCode as Reason

from core.errors import Unavailable
from ingest.endpoint import handshake, policy
from ingest.endpoint.certificate import mismatch
from ingest.endpoint.hub import Hub
from ingest.endpoint.inbox import Head, Violation
from ingest.endpoint.link import Link
from ingest.endpoint.metrics import CONNECTS, DISCONNECTS, PUBLISHES
from ingest.endpoint.strings import PacketKind
from ingest.endpoint.subscriptions import Subscriptions
from ingest.frames import Frame
from ingest.inflight import InFlight, Settled

log = structlog.get_logger(__name__)


class Phase(Enum):
    """Where a connection stands."""

    NEW = auto()
    AUTHENTICATING = auto()
    OPEN = auto()


class Connection:
    """What one client says and is answered; ``link`` carries it."""

    def __init__(self, hub: Hub) -> None:
        self.link = Link(self, hub.limits)
        self.in_flight = InFlight(hub.sink, self._settled, self._failed)
        self._hub = hub
        self._limits = hub.limits
        self._phase = Phase.NEW
        self._device_id: UUID | None = None
        self._client_id = ""
        self._claims: str | None = None
        self._connect: mqtt5.ConnectPacket
        self._subscriptions: Subscriptions
        self._authentication: asyncio.Task[None] | None = None

    # The link's side

    def opened(self) -> None:
        """Let the client in, or close where there are too many."""
        if not self._hub.admit(self):
            CONNECTS.labels("TOO_MANY").inc()
            log.warning("mqtt.refused", address=self.link.address, reason="too many")
            self.link.abort()

    def holds(self, head: Head) -> bool:
        """Publishes wait while too many are in flight; everything waits for authentication.

        Raises Violation for a QoS 1 publish beyond the Receive Maximum (MQTT 5.0, 3.3.4).
        """
        if self._phase is not Phase.OPEN or head.kind != PacketKind.PUBLISH:
            return self._phase is Phase.AUTHENTICATING
        if head.qos and self.in_flight.n_unacked >= self._limits.receive_max:
            raise Violation(Reason.RECEIVE_MAX_EXCEEDED, "more publishes than Receive Maximum")
        return self.full()

    def full(self) -> bool:
        """Whether to stop reading."""
        busy = len(self.in_flight) >= self._limits.receive_max
        return busy or self._phase is Phase.AUTHENTICATING

    def take(self, head: Head) -> None:
        """Act on the next packet."""
        if self._phase is Phase.NEW:
            self._greet(head)
        else:
            self._act(self.link.inbox.take(head))

    def violated(self, violation: Violation) -> None:
        """End with the violation's reason code."""
        if self._phase is Phase.NEW:
            self._refuse(ConnAckReasonCode(violation.reason.value), str(violation))
            self._hub.doorkeeper.failed(self.link.address)
        else:
            self._dismiss(violation.reason, str(violation))

    def silent(self) -> None:
        """End a client that was not heard of for too long."""
        if self._phase is Phase.OPEN:
            self._dismiss(Reason.KEEP_ALIVE_TIMEOUT, "keep-alive time-out")
        else:
            CONNECTS.labels("TIMEOUT").inc()
            log.info("mqtt.refused", address=self.link.address, reason="no CONNECT")
            self.link.abort()

    def lost(self) -> None:
        """Leave; what is in flight may still be stored, but nobody waits for it."""
        if self._authentication is not None:
            self._authentication.cancel()
        self._hub.leave(self, self._device_id, self._client_id)
        self._hub.adopt(self.in_flight.release())

    # CONNECT

    def _greet(self, head: Head) -> None:
        if head.kind != PacketKind.CONNECT:
            self._reject(b"", "first packet is not CONNECT")
            return
        answer = handshake.other_version(self.link.inbox.body(head))
        if answer is not None:
            self._reject(answer, "not MQTT 5")
            return
        packet = self.link.inbox.take(head)
        if not isinstance(packet, mqtt5.ConnectPacket):
            raise Violation(Reason.PROTOCOL_ERROR, "first packet is not CONNECT")
        self._connect = packet
        self._client_id = handshake.client_id_of(packet)
        self._claims = handshake.claimed_device(packet)
        objection = handshake.objection(packet)
        if objection is not None:
            self._refuse(objection, "CONNECT asks for what is not supported")
            return
        stranger = mismatch(
            packet.username or "", self.link.certificate, self._hub.certificate_required
        )
        if stranger is not None:  # before the password is looked at
            self._hub.doorkeeper.failed(self.link.address)
            self._refuse(ConnAckReasonCode.NOT_AUTHORIZED, stranger)
            return
        self._phase = Phase.AUTHENTICATING
        self._authentication = asyncio.create_task(self._authenticate(packet))

    async def _authenticate(self, packet: mqtt5.ConnectPacket) -> None:
        try:
            answer = await self._hub.doorkeeper.identify(
                self.link.address, packet.username or "", packet.password or b""
            )
        except Exception as error:  # no traceback: its variables would show the password
            log.error("mqtt.authentication_failed", error=repr(error))
            answer = ConnAckReasonCode.UNSPECIFIED_ERROR
        if isinstance(answer, ConnAckReasonCode):
            self._refuse(answer, answer.name)
        elif not self.link.ending:
            self._open(answer, packet)

    def _open(self, device_id: UUID, packet: mqtt5.ConnectPacket) -> None:
        self._phase = Phase.OPEN
        self._device_id = device_id
        self._subscriptions = Subscriptions(device_id)
        self._hub.join(self, device_id, self._client_id)
        self.link.watch(1.5 * handshake.keep_alive_s(packet, self._limits))
        self.link.write(handshake.welcome(packet, self._client_id, self._limits))
        CONNECTS.labels("SUCCESS").inc()
        log.info("mqtt.connected", device=str(device_id), address=self.link.address)
        self.link.advance()

    def _refuse(self, reason: ConnAckReasonCode, text: str) -> None:
        self._reject(handshake.refusal(reason), text, reason.name)

    def _reject(self, answer: bytes, text: str, label: str = "NOT_MQTT_5") -> None:
        CONNECTS.labels(label).inc()
        log.warning("mqtt.refused", address=self.link.address, device=self._claims, reason=text)
        self.link.end(answer)

    # Packets of an open connection

    def _act(self, packet: mqtt5.Packet) -> None:
        match packet:
            case mqtt5.PublishPacket():
                policy.check_publish(packet)
                frame = Frame(packet.topic, packet.payload, self._device_id)
                self.in_flight.start(frame, packet.packet_id)
            case mqtt5.PingReqPacket():
                self.link.write(mqtt5.PingRespPacket().write())
            case mqtt5.SubscribePacket():
                self.link.write(self._subscriptions.subscribe(packet).write())
            case mqtt5.UnsubscribePacket():
                self.link.write(self._subscriptions.unsubscribe(packet).write())
            case mqtt5.DisconnectPacket():
                log.info("mqtt.left", device=str(self._device_id))
                self.link.end()
            case _:
                raise Violation(Reason.PROTOCOL_ERROR, f"unexpected {type(packet).__name__}")

    def _settled(self, settled: Sequence[Settled]) -> None:
        explain = self._connect.request_problem_info
        acks = []
        for packet_id, _, outcome in settled:
            PUBLISHES.labels(outcome.refusal or outcome.kind).inc()
            if packet_id is not None:
                acks.append(policy.puback(packet_id, outcome, explain).write())
        self.link.write(b"".join(acks))
        self.link.advance()

    def _failed(self, error: BaseException) -> None:
        if isinstance(error, Unavailable | asyncio.CancelledError):
            self._dismiss(Reason.SERVER_SHUTTING_DOWN, "shutting down")
        else:
            log.error("mqtt.ingest_failed", device=str(self._device_id), exc_info=error)
            self._dismiss(Reason.UNSPECIFIED_ERROR, "our own fault")

    # From the hub

    def deliver(self, topic: str, packet: bytes) -> str:
        """Send a PUBLISH to this client, or drop it; says what became of it."""
        if self.link.ending or topic not in self._subscriptions:
            return "not subscribed"
        limit = self._connect.max_packet_size
        if (limit is not None and len(packet) > limit) or not self.link.room(len(packet)):
            return "dropped"
        self.link.write(packet)
        return "sent"

    def taken_over(self) -> None:
        """End in favour of a newer connection of the same client."""
        self._dismiss(Reason.SESSION_TAKEN_OVER, "another connection took over")

    def barred(self) -> None:
        """End because an operator no longer lets the device write."""
        self._dismiss(Reason.ADMINISTRATIVE_ACTION, "not accepted any more")

    async def shut_down(self) -> None:
        """Settle what is in flight, say goodbye, and return once closed."""
        await self.in_flight.wait(self._limits.drain_s)
        if self._phase is Phase.OPEN:
            self._dismiss(Reason.SERVER_SHUTTING_DOWN, "shutting down")
        else:
            self.link.abort()
        await self.link.closed.wait()

    def _dismiss(self, reason: Reason, text: str) -> None:
        if self.link.ending:
            return
        DISCONNECTS.labels(reason.name).inc()
        log.warning(
            "mqtt.ended",
            device=str(self._device_id),
            address=self.link.address,
            reason=text,
        )
        packet = mqtt5.DisconnectPacket(reason_code=reason, reason_str=text)
        self.link.end(packet.write())
