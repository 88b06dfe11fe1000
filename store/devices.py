"""Devices and their wrapped keys: enrolled, rotated, revoked, logged in."""

import hmac
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from uuid import UUID

from sqlalchemy import CursorResult, exists, literal_column, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from core.errors import NotFound
from store.tables import device, device_key

_NOBODY_SHA256 = bytes(32)


@dataclass(frozen=True, slots=True)
class Device:
    """A device. ``status`` is pending (not approved yet), active or revoked."""

    id: UUID
    status: str
    enrolled_at: datetime


@dataclass(frozen=True, slots=True)
class DeviceKey:
    """A wrapped key. ``status`` is active, retired (still opens) or revoked (opens nothing)."""

    epoch: int
    wrapped: bytes
    status: str


@dataclass(frozen=True, slots=True)
class Standing:
    """What a device and one of its key epochs are to us; None where there is no such thing."""

    device_status: str | None
    key_status: str | None


async def find(tx: AsyncConnection, device_id: UUID) -> Device | None:
    """The device, or None."""
    query = select(device.c.id, device.c.status, device.c.enrolled_at)
    row = (await tx.execute(query.where(device.c.id == device_id))).one_or_none()
    return Device(*row) if row else None


async def listing(tx: AsyncConnection, limit: int) -> list[Device]:
    """Up to ``limit`` devices, the latest enrolled first."""
    query = select(device.c.id, device.c.status, device.c.enrolled_at)
    query = query.order_by(device.c.enrolled_at.desc(), device.c.id).limit(limit)
    return [Device(*row) for row in await tx.execute(query)]


async def standing(tx: AsyncConnection, device_id: UUID, epoch: int) -> Standing:
    """Whether the device and its key of that epoch are known and may still write."""
    key = (device_key.c.device_id == device.c.id) & (device_key.c.epoch == epoch)
    query = select(device.c.status, device_key.c.status).select_from(
        device.outerjoin(device_key, key)
    )
    row = (await tx.execute(query.where(device.c.id == device_id))).one_or_none()
    return Standing(*row) if row else Standing(None, None)


async def hold(tx: AsyncConnection, device_id: UUID) -> Device:
    """The device, made if it is new, and locked until the transaction ends.

    A new one has no password yet: nobody can log in as it before ``set_password``.
    """
    fresh = insert(device).values(id=device_id, mqtt_password_sha256=b"")
    # An update of nothing, because DO NOTHING would neither lock the row nor return it.
    held = fresh.on_conflict_do_update(index_elements=["id"], set_={"status": device.c.status})
    row = await tx.execute(held.returning(device.c.id, device.c.status, device.c.enrolled_at))
    return Device(*row.one())


async def set_password(tx: AsyncConnection, device_id: UUID, password: str) -> None:
    """Set the MQTT password; it is random and long, so a plain SHA-256 of it is kept."""
    digest = sha256(password.encode()).digest()
    changed = update(device).where(device.c.id == device_id)
    await tx.execute(changed.values(mqtt_password_sha256=digest))


async def mqtt_login(tx: AsyncConnection, device_id: UUID, password: bytes) -> bool:
    """Whether this is an active device with its right password (compared in constant time).

    A device whose keys are all revoked is let in no more: it has nothing to say.
    """
    usable = (device_key.c.device_id == device.c.id) & (device_key.c.status != "revoked")
    query = select(device.c.mqtt_password_sha256).where(
        device.c.id == device_id,
        device.c.status == "active",
        exists().where(usable),
    )
    stored = (await tx.execute(query)).scalar_one_or_none()
    given = sha256(password).digest()
    return hmac.compare_digest(given, stored or _NOBODY_SHA256)


async def set_status(tx: AsyncConnection, device_id: UUID, status: str) -> None:
    """Make a device pending, active or revoked. Raises NotFound for an unknown one."""
    changed = update(device).where(device.c.id == device_id).values(status=status)
    _expect_one(await tx.execute(changed), f"device {device_id}")


async def newest_key(tx: AsyncConnection, device_id: UUID) -> DeviceKey | None:
    """The key of the highest epoch, whatever its status, or None."""
    query = select(device_key.c.epoch, device_key.c.wrapped, device_key.c.status)
    query = query.where(device_key.c.device_id == device_id).order_by(device_key.c.epoch.desc())
    row = (await tx.execute(query.limit(1))).one_or_none()
    return DeviceKey(*row) if row else None


async def add_key(tx: AsyncConnection, device_id: UUID, epoch: int, wrapped: bytes) -> None:
    """Add the key of a new epoch; the active ones before it retire."""
    before = update(device_key).where(
        device_key.c.device_id == device_id, device_key.c.status == "active"
    )
    await tx.execute(before.values(status="retired"))
    renewed = update(device).where(device.c.id == device_id).values(rotation_asked_at=None)
    await tx.execute(renewed)
    await tx.execute(insert(device_key).values(device_id=device_id, epoch=epoch, wrapped=wrapped))


async def revoke_key(tx: AsyncConnection, device_id: UUID, epoch: int) -> None:
    """Revoke a key epoch: it opens nothing any more. Raises NotFound for an unknown one."""
    changed = update(device_key).where(
        device_key.c.device_id == device_id, device_key.c.epoch == epoch
    )
    result = await tx.execute(changed.values(status="revoked"))
    _expect_one(result, f"key epoch {epoch} of device {device_id}")


async def wrapped_key(tx: AsyncConnection, device_id: UUID, epoch: int) -> bytes | None:
    """The wrapped key of an epoch, or None if it is unknown or revoked.

    A revoked *device* may send nothing more, but what it sent before still opens. One that waits
    for approval has sent nothing that we would open.
    """
    known = select(device_key.c.wrapped).join(device, device.c.id == device_key.c.device_id)
    query = known.where(
        device.c.status != literal_column("'pending'"),
        device_key.c.device_id == device_id,
        device_key.c.epoch == epoch,
        device_key.c.status != literal_column("'revoked'"),
    )
    return (await tx.execute(query)).scalar_one_or_none()


def _expect_one(result: CursorResult[tuple[()]], what: str) -> None:
    if result.rowcount != 1:
        raise NotFound(f"no {what}")
