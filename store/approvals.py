"""Devices that wait until an operator confirms, by a one-time code, that they are known.

Stored is the code's SHA-256: who reads the table could as well approve a device in it, so the
hash need not be slow. A wrong code counts against every device that waits.
"""

import hmac
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from uuid import UUID

from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.postgresql import insert

from core.errors import TooBusy
from store import devices
from store.database import Transaction, notify
from store.fleet import CHANNEL
from store.tables import device_approval

CODE_LIFE = timedelta(minutes=15)
TRIES_MAX = 5
"""Wrong codes after which a device that waits needs a new code."""
WAITING_MAX = 1000
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's: nothing that is read as another


async def ask(tx: Transaction, device_id: UUID, key: bytes, now: datetime) -> tuple[str, datetime]:
    """The code of a device that waits with this key, and when it ends.

    The same key is told the same code until that ends or too many wrong ones were tried; a code
    before it counts no more. Raises TooBusy where too many wait already.
    """
    a = device_approval.c
    query = select(a.code_sha256, a.expires_at).where(a.device_id == device_id)
    query = query.where(a.expires_at > now, a.tries < TRIES_MAX)
    for digest, ends in await tx.execute(query):
        told = _code(device_id, key, ends)
        if hmac.compare_digest(_digest(told), digest):
            return told, ends
    live = select(func.count()).where(a.expires_at > now, a.device_id != device_id)
    if (await tx.execute(live)).scalar_one() >= WAITING_MAX:
        raise TooBusy("too many devices wait for approval")
    ends = now + CODE_LIFE
    fresh = _code(device_id, key, ends)
    row = {"code_sha256": _digest(fresh), "tries": 0, "expires_at": ends}
    put = insert(device_approval).values(device_id=device_id, **row)
    await tx.execute(put.on_conflict_do_update(index_elements=["device_id"], set_=row))
    return fresh, ends


async def withdraw(tx: Transaction, device_id: UUID) -> None:
    """Forget the code of a device that need not wait any more."""
    await tx.execute(delete(device_approval).where(device_approval.c.device_id == device_id))


async def confirm(tx: Transaction, code: str, now: datetime) -> UUID | None:
    """Approve the device that was given this code; None, and a try less, if there is none.

    The caller commits in either case.
    """
    a = device_approval.c
    open_ = (a.expires_at > now) & (a.tries < TRIES_MAX)
    query = select(a.device_id, a.code_sha256).where(open_).order_by(a.device_id)
    given = _digest(code)
    for device_id, digest in await tx.execute(query):
        if hmac.compare_digest(given, digest) and await _take(tx, device_id, digest, now):
            return UUID(str(device_id))
    await tx.execute(update(device_approval).where(open_).values(tries=a.tries + 1))
    return None


async def _take(tx: Transaction, device_id: UUID, digest: bytes, now: datetime) -> bool:
    """Use a code up, and let its device in; False if somebody else was quicker."""
    a = device_approval.c
    await devices.hold(tx, device_id)  # devices before codes, as an enrolment locks them
    taken = delete(device_approval).where(a.device_id == device_id, a.code_sha256 == digest)
    if (await tx.execute(taken.where(a.expires_at > now, a.tries < TRIES_MAX))).rowcount != 1:
        return False
    await devices.set_status(tx, device_id, "active")
    await notify(tx, CHANNEL)
    return True


def _code(device_id: UUID, key: bytes, ends: datetime) -> str:
    """Eight letters, 40 bits, that nobody can tell who lacks the device's key."""
    about = b"ecg-iot v1 approve|" + device_id.bytes + ends.astimezone(UTC).isoformat().encode()
    bits = int.from_bytes(hmac.digest(key, about, sha256)[:5], "big")
    return "".join(_ALPHABET[bits >> shift & 31] for shift in range(35, -1, -5))


def _digest(code: str) -> bytes:
    """Of the code as it is meant: without hyphens and spaces, O as 0, I and L as 1."""
    meant = code.upper().replace("-", "").replace(" ", "").translate(str.maketrans("OIL", "011"))
    return sha256(meant.encode()).digest()
