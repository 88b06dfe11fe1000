"""A revocation takes effect here: connections end, keys are forgotten, within seconds.

Each change in ``store.fleet`` calls. A look every few seconds covers a call that was lost, and
a device that was let in while it was being revoked. No chunk depends on it: the transaction that
stores one reads for itself whether device and key may write.
"""

from typing import Protocol
from uuid import UUID

import structlog

from core.errors import Unavailable
from core.keyring import KeyRing
from store import fleet
from store.database import Database

LOOK_S = 5.0

log = structlog.get_logger(__name__)


class Connections(Protocol):
    """Who is connected, where we serve the devices ourselves."""

    @property
    def devices(self) -> set[UUID]:
        """The devices that are connected."""
        ...

    def bar(self, device_id: UUID) -> None:
        """End a device's connections."""
        ...


async def keep_watch(database: Database, keys: KeyRing, connections: Connections | None) -> None:
    """Look at every call until cancelled; an absence of the database is waited out."""
    wake = database.listen(fleet.CHANNEL)
    while True:
        await wake.wait(LOOK_S)
        try:
            await look(database, keys, connections)
        except Unavailable as error:
            log.warning("revocation.away", error=str(error))


async def look(database: Database, keys: KeyRing, connections: Connections | None) -> None:
    """Let go of all that is held of devices and keys that count no more.

    Raises Unavailable while the database is away.
    """
    connected = set() if connections is None else connections.devices
    held = keys.devices
    if not connected and not held:
        return
    async with database.transaction() as tx:
        barred = await fleet.barred(tx, connected)
        revoked = await fleet.with_revoked_keys(tx, held)
    for device_id in revoked:
        keys.forget(device_id)
    for device_id in barred:
        log.warning("revocation.barred", device=str(device_id))
        if connections is not None:
            connections.bar(device_id)
