"""The certificates that our authority has signed for devices, and which of them count."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import insert, select

from core.authority import Issued, Revoked
from store.database import Transaction
from store.tables import device, device_certificate


async def note(tx: Transaction, device_id: UUID, issued: Issued) -> None:
    """Note a certificate before its device gets it; those before it go on until they end."""
    row = {"serial": issued.serial, "issued_at": issued.issued_at, "expires_at": issued.expires_at}
    await tx.execute(insert(device_certificate).values(device_id=device_id, **row))


async def holder(tx: Transaction, serial: str, now: datetime) -> UUID | None:
    """The active device whose certificate that is; None for one that is unknown or counts no more.

    ``serial`` is hexadecimal, lower case.
    """
    c = device_certificate.c
    query = select(c.device_id).join(device, device.c.id == c.device_id)
    query = query.where(c.serial == serial, c.revoked_at.is_(None), c.expires_at > now)
    return (await tx.execute(query.where(device.c.status == "active"))).scalar_one_or_none()


async def revoked(tx: Transaction, now: datetime) -> list[Revoked]:
    """The certificates that were revoked and have not ended by themselves."""
    c = device_certificate.c
    query = select(c.serial, c.revoked_at).where(c.revoked_at.is_not(None), c.expires_at > now)
    return [Revoked(*row) for row in await tx.execute(query.order_by(c.revoked_at, c.serial))]
