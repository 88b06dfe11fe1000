"""New keys of devices in use: requests are taken, and asked for (PROTOCOL.md, section 6)."""

import asyncio
import hmac
from collections.abc import Awaitable, Callable, Collection
from uuid import UUID

import structlog

from core.errors import Conflict, Forbidden, HisbundleError, Incorrect, NotFound, Unavailable
from core.keys import KeyVault, device_key_name
from core.rotation import RotationRequest, command_taken, command_to_rotate, parse_request
from core.topics import device_of_key_topic
from ingest import metrics
from ingest.enrol import EnrolmentKey, EnrolmentRequest
from ingest.frames import STORED, ChunkSink, Frame, Outcome, Refusal, refused
from store import devices, fleet, quarantine
from store.database import Database, Transaction

Command = Callable[[UUID, bytes], Awaitable[object]]
"""Sends a command to a device; never raises for an absent one."""
Present = Callable[[], Collection[UUID]]
"""The devices that are connected to us."""

ASK_EVERY_S = 30.0
LOOK_S = 5.0
_REASONS: dict[type[HisbundleError], Refusal] = {
    NotFound: Refusal.UNKNOWN_DEVICE,
    Conflict: Refusal.CONFLICT,
    Forbidden: Refusal.REVOKED,
}

log = structlog.get_logger(__name__)


class KeyDesk:
    """Takes the new keys of devices (``ingest.frames.ChunkSink`` for the key topics).

    ``quarantine_max`` refused requests are kept per device, together with its refused chunks.
    """

    def __init__(
        self, database: Database, vault: KeyVault, key: EnrolmentKey, quarantine_max: int
    ) -> None:
        self.command: Command | None = None
        self._database, self._vault, self._key = database, vault, key
        self._quarantine_max = quarantine_max

    async def submit(self, frame: Frame) -> Outcome:
        """Take one request. While the database or the vault is away it is not kept: the device
        asks again, and no chunk behind it shall wait.
        """
        try:
            return await self._settle(frame)
        except Unavailable as error:
            device = device_of_key_topic(frame.topic)
            log.warning("key.away", device=str(device), detail=str(error))
            return refused(Refusal.AWAY, str(error))

    async def _settle(self, frame: Frame) -> Outcome:
        try:
            request = _form(frame)
            async with self._database.transaction() as tx:
                new_key = await take(tx, self._vault, self._key, request)
        except (Incorrect, NotFound, Conflict, Forbidden) as error:
            return await self._refuse(frame, error)
        log.info("key.taken", device=str(request.device_id), epoch=request.key_epoch)
        if self.command is not None:
            taken = command_taken(new_key, request.device_id, request.key_epoch)
            await self.command(request.device_id, taken)
        return STORED

    async def _refuse(self, frame: Frame, error: HisbundleError) -> Outcome:
        reason = _REASONS.get(type(error), Refusal.MALFORMED)
        sender = frame.identity or device_of_key_topic(frame.topic)
        if frame.identity not in (None, device_of_key_topic(frame.topic)):
            reason = Refusal.FOREIGN
        log.warning("key.refused", device=str(sender), reason=str(reason), detail=str(error))
        metrics.REFUSED.labels(reason).inc()
        aside = quarantine.Refused(frame.topic, sender, str(reason), str(error), frame.payload)
        async with self._database.transaction() as tx:
            metrics.DROPPED.inc(await quarantine.keep(tx, [aside], self._quarantine_max))
        return refused(reason, str(error))


def _form(frame: Frame) -> RotationRequest:
    """The checks that need the frame alone. Raises Incorrect."""
    named = device_of_key_topic(frame.topic)
    if frame.identity not in (None, named):
        raise Incorrect("on another device's topic")
    request = parse_request(frame.payload)
    if request.device_id != named:
        raise Incorrect(f"a request of device {request.device_id}")
    return request


async def take(
    tx: Transaction, vault: KeyVault, key: EnrolmentKey, request: RotationRequest
) -> bytes:
    """Make a device's new key its newest, which it may be already; the key of 32 bytes.

    Raises NotFound for an unknown device, Forbidden for one that may not write, Conflict for an
    epoch that is not the next or holds another key, Incorrect for a request that was not made
    with the key before or is not sealed to us, Unavailable while the vault is away.
    """
    device_id, epoch = request.device_id, request.key_epoch
    if await devices.find(tx, device_id) is None:
        raise NotFound(f"no device {device_id}")
    device = await devices.hold(tx, device_id)
    if device.status != "active":
        raise Forbidden(f"device {device_id} is {device.status}")
    newest = await devices.newest_key(tx, device_id)
    if newest is None or newest.status != "active":
        raise Forbidden("the key before is revoked")
    if epoch not in (newest.epoch, newest.epoch + 1):
        raise Conflict(f"key epoch {epoch} does not follow {newest.epoch}")
    new_key = key.open(EnrolmentRequest(device_id, epoch, request.sealed_key))
    if epoch == newest.epoch:
        known = await vault.unwrap(device_key_name(device_id, epoch), newest.wrapped)
        if hmac.compare_digest(known, new_key):
            return new_key  # its own proof: the key before may be revoked by now
    await _check_proof(tx, vault, request)
    if epoch == newest.epoch:
        raise Conflict(f"key epoch {epoch} has another key")
    wrapped = await vault.wrap(device_key_name(device_id, epoch), new_key)
    await devices.add_key(tx, device_id, epoch, wrapped)
    return new_key


async def _check_proof(tx: Transaction, vault: KeyVault, request: RotationRequest) -> None:
    before = request.key_epoch - 1
    wrapped = await devices.wrapped_key(tx, request.device_id, before)
    if wrapped is None:
        raise Forbidden(f"key epoch {before} is unknown or revoked")
    request.check(await vault.unwrap(device_key_name(request.device_id, before), wrapped))


class ByTopic:
    """Chunks to the ingest core, key requests to their desk."""

    def __init__(self, chunks: ChunkSink, keys: ChunkSink) -> None:
        self._chunks, self._keys = chunks, keys

    async def submit(self, frame: Frame) -> Outcome:
        """What the one whose topic it is makes of it."""
        is_key = device_of_key_topic(frame.topic) is not None
        return await (self._keys if is_key else self._chunks).submit(frame)


async def ask_for_keys(
    database: Database, vault: KeyVault, command: Command, present: Present | None = None
) -> None:
    """Tell the devices of which an operator wants a new key, until they have one; never returns.

    Where the connections are ours (``present``), a device is asked soon after it has come.
    """
    asked_at: dict[UUID, float] = {}
    while True:
        try:
            await _ask(database, vault, command, asked_at, present)
        except Unavailable as error:
            log.warning("rotation.away", error=str(error))
        await asyncio.sleep(LOOK_S)


async def _ask(
    database: Database,
    vault: KeyVault,
    command: Command,
    asked_at: dict[UUID, float],
    present: Present | None,
) -> None:
    now_s = asyncio.get_running_loop().time()
    async with database.transaction() as tx:
        wanted = await fleet.to_rotate(tx)
    if present is not None:
        here = present()
        wanted = [each for each in wanted if each.device_id in here]
    for gone in asked_at.keys() - {each.device_id for each in wanted}:
        del asked_at[gone]
    for each in wanted:
        if now_s - asked_at.get(each.device_id, -ASK_EVERY_S) < ASK_EVERY_S:
            continue
        try:
            await command(each.device_id, await _to_rotate(vault, each))
        except (Incorrect, NotFound) as error:  # one device's affair: the others are asked
            log.error("rotation.impossible", device=str(each.device_id), error=str(error))
        asked_at[each.device_id] = now_s


async def _to_rotate(vault: KeyVault, wanted: fleet.ToRotate) -> bytes:
    newest = await vault.unwrap(device_key_name(wanted.device_id, wanted.epoch), wanted.wrapped)
    return command_to_rotate(newest, wanted.device_id, wanted.epoch)
