"""Devices in an operator's hands: seen together, revoked, asked for a new key.

Every change here calls ``CHANNEL``, so that each process that holds connections or keys of a
device looks at once whether it still may (``barred``).
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, text, update

from core.errors import Conflict, NotFound
from store import devices
from store.database import Transaction, notify
from store.tables import device, device_approval, device_certificate

CHANNEL = "device"


@dataclass(frozen=True, slots=True)
class Member:
    """A device with its newest key epoch, its present wearer, and when its certificate ends.

    ``revoked_epochs`` open nothing; ``rotation_asked_at`` is set until a new key comes.
    """

    id: UUID
    status: str
    enrolled_at: datetime
    epoch: int | None
    revoked_epochs: tuple[int, ...]
    patient_id: str | None
    rotation_asked_at: datetime | None
    certified_until: datetime | None


_LISTING = text(
    "SELECT d.id, d.status, d.enrolled_at,"
    " (SELECT max(k.epoch) FROM device_key k WHERE k.device_id = d.id),"
    " ARRAY(SELECT k.epoch FROM device_key k WHERE k.device_id = d.id"
    "  AND k.status = 'revoked' ORDER BY k.epoch),"
    " (SELECT w.patient_id FROM wearing w WHERE w.device_id = d.id AND w.until IS NULL),"
    " d.rotation_asked_at,"
    " (SELECT max(c.expires_at) FROM device_certificate c"
    "  WHERE c.device_id = d.id AND c.revoked_at IS NULL)"
    " FROM device d ORDER BY d.enrolled_at DESC, d.id LIMIT :limit"
)
_BARRED = text(
    "SELECT d.id FROM device d WHERE d.id = ANY(CAST(:ids AS uuid[])) AND (d.status <> 'active'"
    " OR NOT EXISTS (SELECT FROM device_key k WHERE k.device_id = d.id AND k.status <> 'revoked'))"
)
_REVOKED_KEYS = text(
    "SELECT DISTINCT k.device_id FROM device_key k"
    " WHERE k.device_id = ANY(CAST(:ids AS uuid[])) AND k.status = 'revoked'"
)


_TO_ROTATE = text(
    # By chance, so that those who are away take no places from the others for ever.
    "SELECT id, epoch, wrapped FROM (SELECT DISTINCT ON (d.id) d.id, k.epoch, k.wrapped"
    " FROM device d JOIN device_key k ON k.device_id = d.id"
    " WHERE d.rotation_asked_at IS NOT NULL AND d.status = 'active' AND k.status = 'active'"
    " ORDER BY d.id, k.epoch DESC) AS newest ORDER BY random() LIMIT 1000"
)


async def listing(tx: Transaction, limit: int) -> list[Member]:
    """Up to ``limit`` devices, the latest enrolled first."""
    rows = await tx.execute(_LISTING, {"limit": limit})
    return [Member(r[0], r[1], r[2], r[3], tuple(r[4]), r[5], r[6], r[7]) for r in rows]


async def revoke(tx: Transaction, device_id: UUID, at: datetime) -> None:
    """Let a device write no more, for good, and revoke its certificates. Raises NotFound."""
    await devices.set_status(tx, device_id, "revoked")
    await tx.execute(delete(device_approval).where(device_approval.c.device_id == device_id))
    theirs = update(device_certificate).where(
        device_certificate.c.device_id == device_id, device_certificate.c.revoked_at.is_(None)
    )
    await tx.execute(theirs.values(revoked_at=at))
    await notify(tx, CHANNEL)


async def revoke_epoch(tx: Transaction, device_id: UUID, epoch: int) -> None:
    """Let nothing be written or opened under one key epoch. Raises NotFound."""
    await devices.revoke_key(tx, device_id, epoch)
    await notify(tx, CHANNEL)


async def ask_rotation(tx: Transaction, device_id: UUID, at: datetime) -> None:
    """Mark that a device shall enrol a new key; the mark goes when it has done so.

    Raises NotFound, or Conflict for a device that is not active.
    """
    asked = update(device).where(device.c.id == device_id, device.c.status == "active")
    if (await tx.execute(asked.values(rotation_asked_at=at))).rowcount == 1:
        await notify(tx, CHANNEL)
        return
    found = await devices.find(tx, device_id)
    if found is None:
        raise NotFound(f"no device {device_id}")
    raise Conflict(f"device {device_id} is {found.status}")


@dataclass(frozen=True, slots=True)
class ToRotate:
    """A device of which a new key is wanted, and its newest one, wrapped."""

    device_id: UUID
    epoch: int
    wrapped: bytes


async def to_rotate(tx: Transaction) -> list[ToRotate]:
    """The active devices of which a new key is wanted and not there yet, at most 1,000."""
    return [ToRotate(*row) for row in await tx.execute(_TO_ROTATE)]


async def barred(tx: Transaction, device_ids: Collection[UUID]) -> set[UUID]:
    """Those of the devices that may not write: not active, or without a key that counts."""
    return {row[0] for row in await tx.execute(_BARRED, {"ids": list(device_ids)})}


async def with_revoked_keys(tx: Transaction, device_ids: Collection[UUID]) -> set[UUID]:
    """Those of the devices that have a revoked key epoch."""
    return {row[0] for row in await tx.execute(_REVOKED_KEYS, {"ids": list(device_ids)})}
