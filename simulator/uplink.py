"""Sends what the outbox holds until it is acknowledged: window, resend, reconnect."""

import asyncio
import random
from dataclasses import dataclass
from time import monotonic

import structlog

from core.ack import Acknowledgement, ack_key, parse_ack, verify_ack
from core.errors import Incorrect, Unavailable
from simulator.enrolment import MqttAddress
from simulator.faults import FaultyWire
from simulator.link import Link
from simulator.outbox import Outbox, Slot
from simulator.rotation import KeyChange, Renewable

log = structlog.get_logger()

WINDOW_CHUNKS = 256
RESEND_AFTER_S = 2.0
RESEND_MAX_S = 30.0
FAST_RESEND_S = 0.3
RECONNECT_MAX_S = 10.0
PATIENT_ATTEMPTS = 5
"""A chunk sent this often no longer takes a place in the window: it may be refused for ever."""


@dataclass(slots=True)
class _Flight:
    sent_at: float
    due_at: float
    attempts: int


class Uplink:
    """The sender of one device; ``run`` it beside what fills the outbox."""

    def __init__(
        self,
        device: Renewable,
        address: MqttAddress,
        outbox: Outbox,
        wire: FaultyWire,
    ) -> None:
        self._device = device
        self._key_change = KeyChange(device)
        self._address = address
        self._outbox = outbox
        self._wire = wire
        self._flights: dict[Slot, _Flight] = {}
        self._wake = asyncio.Event()
        self.settled = asyncio.Event()
        self.moved = asyncio.Event()
        self.acknowledged = 0

    def nudge(self) -> None:
        """Tell the sender that the outbox has something new."""
        self.settled.clear()
        self._wake.set()

    async def run(self) -> None:
        """Connect, send and reconnect with backoff and jitter, until cancelled."""
        attempt = 0
        while True:
            identity = self._device.identity
            link = Link(
                self._address,
                identity.device_id,
                identity.mqtt_password,
                self._acknowledge,
                self._obey,
            )
            try:
                await link.open()
                attempt = 0
                await self._serve(link)
            except Unavailable as error:
                log.warning("uplink", device=str(identity.device_id), error=str(error))
            finally:
                await asyncio.shield(link.close())
            await asyncio.sleep(random.uniform(0.1, min(RECONNECT_MAX_S, 0.5 * 2**attempt)))  # noqa: S311
            attempt = min(attempt + 1, 8)

    async def _serve(self, link: Link) -> None:
        self._flights.clear()
        self._key_change.hurry()
        self._wake.set()
        closed = asyncio.create_task(link.closed.wait())
        try:
            while not closed.done():
                self._send_due(link)
                request = self._key_change.request(monotonic())
                if request is not None:
                    link.ask(request)
                await self._sleep(closed)
        finally:
            closed.cancel()

    async def _sleep(self, closed: asyncio.Task[bool]) -> None:
        """Wait for news, a lost connection, or the next resend."""
        self._wake.clear()
        due_at = min(
            monotonic() + 60,
            self._key_change.due_at,
            *(flight.due_at for flight in self._flights.values()),
        )
        woken = asyncio.create_task(self._wake.wait())
        await asyncio.wait(
            {woken, closed},
            timeout=max(0.0, due_at - monotonic()),
            return_when=asyncio.FIRST_COMPLETED,
        )
        woken.cancel()

    def _send_due(self, link: Link) -> None:
        now = monotonic()
        due = {slot for slot, flight in self._flights.items() if flight.due_at <= now}
        waiting = sum(flight.attempts < PATIENT_ATTEMPTS for flight in self._flights.values())
        patient = [slot for slot in self._flights if slot not in due]
        room = max(0, WINDOW_CHUNKS - waiting) + len(due)
        for slot, frame in self._outbox.oldest(room, skip=patient):
            self._send(link, slot, frame, now)

    def _send(self, link: Link, slot: Slot, frame: bytes, now: float) -> None:
        for sent in self._wire.send(frame):
            link.publish(sent)
        before = self._flights.get(slot)
        attempts = before.attempts + 1 if before else 1
        wait_s = min(RESEND_MAX_S, RESEND_AFTER_S * 2 ** (attempts - 1))
        self._flights[slot] = _Flight(now, now + wait_s, attempts)

    def _acknowledge(self, payload: bytes) -> None:
        identity = self._device.identity
        try:
            form = parse_ack(payload)
            device_key = identity.key_of(form.key_epoch)
            key = ack_key(device_key, identity.device_id, form.key_epoch, form.session_id)
            ack = verify_ack(payload, key)
        except Incorrect as error:
            log.warning("acknowledgement refused", reason=str(error))
            return
        self.acknowledged += self._outbox.settle(ack)
        self._land(ack)
        self._device.forget_key()
        self.moved.set()
        if not len(self._outbox):
            self.settled.set()
        self._wake.set()

    def _obey(self, payload: bytes) -> None:
        self._key_change.hear(payload)
        self.nudge()

    def _land(self, ack: Acknowledgement) -> None:
        """Forget flights that arrived; hurry those that others have overtaken."""
        now = monotonic()
        newest = max([ack.watermark - 1, *(last for _, last in ack.ranges)])
        for slot, flight in list(self._flights.items()):
            if slot[0] != ack.session_id:
                continue
            if ack.covers(slot[1]):
                del self._flights[slot]
            elif slot[1] < newest and now - flight.sent_at > FAST_RESEND_S:
                flight.due_at = min(flight.due_at, now)
