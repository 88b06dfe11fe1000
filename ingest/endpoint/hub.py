"""Who is connected: admission, one connection per client, delivery to a device."""

import asyncio
from collections.abc import Iterable
from typing import Any, Protocol
from uuid import UUID

from mqtt5 import PublishPacket

from ingest.endpoint.doorkeeper import Authenticate, Doorkeeper
from ingest.endpoint.limits import Limits
from ingest.endpoint.metrics import CONNECTIONS, DELIVERIES
from ingest.endpoint.newcomers import Newcomers
from ingest.frames import ChunkSink


class Peer(Protocol):
    """A connection, as the hub sees it."""

    def deliver(self, topic: str, packet: bytes) -> str:
        """Send a PUBLISH if subscribed and there is room; says what became of it."""
        ...

    def taken_over(self) -> None:
        """Another connection of the same client has come: go."""
        ...

    def barred(self) -> None:
        """The device may write no more: go."""
        ...


class Hub:
    """What the connections of an endpoint share."""

    def __init__(
        self,
        sink: ChunkSink,
        authenticate: Authenticate,
        limits: Limits,
        certificate_required: bool = False,
    ) -> None:
        self.sink = sink
        self.certificate_required = certificate_required
        self.doorkeeper = Doorkeeper(authenticate, limits)
        self.limits = limits
        self.newcomers = Newcomers(limits.newcomers_max)
        self.peers: set[Peer] = set()
        self._clients: dict[UUID, dict[str, Peer]] = {}
        self._orphans: set[asyncio.Task[Any]] = set()

    def admit(self, peer: Peer) -> bool:
        """Count a new connection in, unless there are too many."""
        if len(self.peers) >= self.limits.connections_max:
            return False
        self.peers.add(peer)
        CONNECTIONS.inc()
        return True

    def join(self, peer: Peer, device_id: UUID, client_id: str) -> None:
        """Register an authenticated connection; it takes over from one with its client id.

        Client ids are the device's own: no device can push out another by using its id.
        """
        self.newcomers.leave(peer)
        clients = self._clients.setdefault(device_id, {})
        old = clients.pop(client_id, None)
        if old is None and len(clients) >= self.limits.connections_per_device_max:
            old = clients.pop(next(iter(clients)))
        clients[client_id] = peer
        if old is not None:
            old.taken_over()

    def leave(self, peer: Peer, device_id: UUID | None, client_id: str) -> None:
        """Forget a connection that has closed."""
        self.newcomers.leave(peer)
        if peer in self.peers:
            self.peers.discard(peer)
            CONNECTIONS.dec()
        if device_id is None:
            return
        clients = self._clients.get(device_id, {})
        if clients.get(client_id) is peer:
            del clients[client_id]
        if not clients:
            self._clients.pop(device_id, None)

    @property
    def devices(self) -> set[UUID]:
        """The devices that are connected."""
        return set(self._clients)

    def bar(self, device_id: UUID) -> None:
        """End all connections of a device."""
        for peer in list(self._clients.get(device_id, {}).values()):
            peer.barred()

    def adopt(self, tasks: Iterable[asyncio.Task[Any]]) -> None:
        """Let publishes outlive their connection, up to a bound; the rest is abandoned."""
        for task in tasks:
            if len(self._orphans) < self.limits.orphans_max:
                self._orphans.add(task)
                task.add_done_callback(self._orphans.discard)
            else:
                task.cancel()

    async def drain(self) -> None:
        """Wait a while for the publishes without connection, then abandon them."""
        if self._orphans:
            await asyncio.wait(set(self._orphans), timeout=self.limits.drain_s)
        for task in list(self._orphans):
            task.cancel()

    def deliver(self, device_id: UUID, topic: str, payload: bytes) -> int:
        """Send to every connection of a device that subscribed; the number of those reached."""
        clients = self._clients.get(device_id)
        if not clients:
            DELIVERIES.labels("absent").inc()
            return 0
        packet = PublishPacket(topic, payload).write()
        fates = [peer.deliver(topic, packet) for peer in list(clients.values())]
        for fate in fates:
            DELIVERIES.labels(fate).inc()
        return fates.count("sent")
