"""What an operator does to a device, with its FHIR Device in the same transaction."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from core.errors import Conflict, Incorrect, NotFound
from fhir.publishing.recorder import put_recorder
from store import approvals, devices, findings, fleet, resources, wearing
from store.database import Database, Transaction, notify

AHEAD_MAX = timedelta(minutes=1)
"""How far the clock of who types a moment may be ahead."""


async def bind(
    database: Database, device_id: UUID, patient_id: str, since: datetime, now: datetime
) -> None:
    """Give a device to a patient from a moment on; whoever wore it until then does no more.

    What was recorded since, and published as somebody else's, is published anew. Raises
    NotFound for an unknown device or patient, Conflict for a device that is not active or a
    moment within the past of others, Incorrect for one in the future.
    """
    _past(since, now)
    async with database.transaction() as tx:
        await _expect(tx, device_id)
        # Devices before resources, as an enrolment locks them.
        bound = await wearing.put_on(tx, device_id, patient_id, since)
        await resources.lock(tx)
        await _known(tx, patient_id)
        await put_recorder(tx, device_id, patient_id)
        await notify(tx, "resource")
    await _told_anew(database, device_id, bound.since)


async def unbind(database: Database, device_id: UUID, until: datetime, now: datetime) -> None:
    """End the present patient's wearing; what comes after is nobody's.

    Raises NotFound if nobody wears it, Conflict if that patient put it on later, Incorrect for a
    moment in the future.
    """
    _past(until, now)
    async with database.transaction() as tx:
        await wearing.take_off(tx, device_id, until)
        await resources.lock(tx)
        found = await devices.find(tx, device_id)
        active = found is not None and found.status == "active"
        await put_recorder(tx, device_id, None, active=active)
        await notify(tx, "resource")
    await _told_anew(database, device_id, until)


async def approve(database: Database, code: str, patient_id: str | None, now: datetime) -> UUID:
    """Approve the device that was given this code, and give it to a patient; its id.

    Raises NotFound if no device waits with it (a wrong code counts), and for an unknown patient:
    then the code counts still.
    """
    async with database.transaction() as tx:
        device_id = await approvals.confirm(tx, code, now)
        if device_id is not None:
            if patient_id is not None:
                await wearing.put_on(tx, device_id, patient_id, now)
            await resources.lock(tx)
            await _known(tx, patient_id)
            await put_recorder(tx, device_id, patient_id)
            await notify(tx, "resource")
    if device_id is None:
        raise NotFound("no device waits with this code; after a few wrong ones it needs a new one")
    return device_id


async def revoke(tx: Transaction, device_id: UUID, now: datetime) -> None:
    """Let a device write no more, for good. What it sent stays, and stays its wearer's.

    Raises NotFound.
    """
    await fleet.revoke(tx, device_id, now)
    await resources.lock(tx)
    worn = await wearing.worn_now(tx, device_id)
    await put_recorder(tx, device_id, worn.patient_id if worn else None, active=False)
    await notify(tx, "resource")


def moment(text: str | None, now: datetime) -> datetime:
    """The moment that a text says, by default now. Raises Incorrect for one without time zone."""
    if text is None:
        return now
    try:
        told = datetime.fromisoformat(text)
    except ValueError:
        raise Incorrect(f"{text[:40]!r} is not a moment like 2026-11-23T08:00:00+01:00") from None
    if told.tzinfo is None:
        raise Incorrect(f"{text[:40]!r} lacks its time zone")
    return told.astimezone(UTC)


def _past(at: datetime, now: datetime) -> None:
    if at > now + AHEAD_MAX:
        raise Incorrect(f"{at.isoformat()} is in the future")


async def _known(tx: Transaction, patient_id: str | None) -> None:
    """Raises NotFound for an unknown patient; nobody is known."""
    if patient_id and not await resources.present(tx, [("Patient", patient_id)]):
        raise NotFound(f"no Patient/{patient_id[:64]}")


async def _expect(tx: Transaction, device_id: UUID) -> None:
    """Raises NotFound for an unknown device, Conflict for one that may not be given to anybody."""
    found = await devices.find(tx, device_id)
    if found is None:
        raise NotFound(f"no device {device_id}")
    if found.status != "active":
        raise Conflict(f"device {device_id} is {found.status}")


async def _told_anew(database: Database, device_id: UUID, since: datetime) -> None:
    """After the change is committed, so that no publisher still goes by what was before."""
    async with database.transaction() as tx:
        await findings.publish_again(tx, device_id, since)
        await notify(tx, "finding")


def told(member: fleet.Member) -> tuple[str, ...]:
    """A device as a row of words; a dash stands for what there is none of."""
    until, asked = member.certified_until, member.rotation_asked_at
    due = [f"epoch {epoch} revoked" for epoch in member.revoked_epochs]
    if asked is not None:
        due.append(f"rotation asked {asked.isoformat(timespec='seconds')}")
    return (
        str(member.id),
        member.status,
        member.enrolled_at.isoformat(timespec="seconds"),
        f"Patient/{member.patient_id}" if member.patient_id else "-",
        "-" if member.epoch is None else f"epoch {member.epoch}",
        f"certificate until {until.date().isoformat()}" if until else "-",
        ", ".join(due) or "-",
    )
