"""Which patient wore a device, and when: half-open periods, one patient at a time."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from core.errors import Conflict, NotFound
from store.tables import device, wearing


@dataclass(frozen=True, slots=True)
class Wearing:
    """``patient_id`` wore the device from ``since`` until just before ``until`` (None: still)."""

    device_id: UUID
    patient_id: str
    since: datetime
    until: datetime | None


async def put_on(tx: AsyncConnection, device_id: UUID, patient_id: str, since: datetime) -> Wearing:
    """Bind the device to a patient from ``since`` on; whoever wears it now takes it off then.

    Does nothing if that patient wears it already. Raises NotFound for an unknown device and
    Conflict if ``since`` lies within the past of others: before the last period's end, or
    before its beginning where it has not ended.
    """
    await _lock(tx, device_id)
    now = await worn_now(tx, device_id)
    if now is not None and now.patient_id == patient_id:
        return now
    last = select(wearing.c.since, wearing.c.until).where(wearing.c.device_id == device_id)
    before = (await tx.execute(last.order_by(wearing.c.since.desc()).limit(1))).one_or_none()
    if before is not None and since < (before.until or before.since):
        raise Conflict(f"device {device_id} was worn by another patient at {since}")
    await _end(tx, device_id, since)
    period = Wearing(device_id, patient_id, since, None)
    await tx.execute(
        insert(wearing).values(device_id=device_id, patient_id=patient_id, since=since)
    )
    return period


async def take_off(tx: AsyncConnection, device_id: UUID, until: datetime) -> None:
    """End the present period.

    Raises NotFound if nobody wears the device, Conflict if it was put on after ``until``.
    """
    await _lock(tx, device_id)
    now = await worn_now(tx, device_id)
    if now is None:
        raise NotFound(f"nobody wears device {device_id}")
    if until < now.since:
        raise Conflict(f"device {device_id} was put on at {now.since}, after {until}")
    await _end(tx, device_id, until)


async def worn_now(tx: AsyncConnection, device_id: UUID) -> Wearing | None:
    """The period that has not ended, or None."""
    return next((w for w in await history(tx, device_id) if w.until is None), None)


async def worn_at(tx: AsyncConnection, device_id: UUID, at: datetime) -> Wearing | None:
    """The period that covers the moment ``at``, or None."""
    query = select(wearing.c.device_id, wearing.c.patient_id, wearing.c.since, wearing.c.until)
    query = query.where(
        wearing.c.device_id == device_id,
        wearing.c.since <= at,
        or_(wearing.c.until.is_(None), wearing.c.until > at),
    )
    row = (await tx.execute(query.order_by(wearing.c.since.desc()).limit(1))).one_or_none()
    return Wearing(*row) if row else None


async def history(tx: AsyncConnection, device_id: UUID) -> list[Wearing]:
    """All periods of a device, in order of time."""
    query = select(wearing.c.device_id, wearing.c.patient_id, wearing.c.since, wearing.c.until)
    query = query.where(wearing.c.device_id == device_id).order_by(wearing.c.since, wearing.c.id)
    return [Wearing(*row) for row in await tx.execute(query)]


async def is_wearer(tx: AsyncConnection, patient_id: str) -> bool:
    """Whether this patient wears a device or ever did."""
    query = select(wearing.c.id).where(wearing.c.patient_id == patient_id).limit(1)
    return (await tx.execute(query)).one_or_none() is not None


async def _lock(tx: AsyncConnection, device_id: UUID) -> None:
    query = select(device.c.id).where(device.c.id == device_id).with_for_update(key_share=True)
    if (await tx.execute(query)).one_or_none() is None:
        raise NotFound(f"no device {device_id}")


async def _end(tx: AsyncConnection, device_id: UUID, until: datetime) -> None:
    present = update(wearing).where(wearing.c.device_id == device_id, wearing.c.until.is_(None))
    await tx.execute(present.values(until=until))
