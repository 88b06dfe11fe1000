"""A recorder's Device as its enrolment, its wearer and its revocation change it."""

from uuid import UUID

from core import json_text
from fhir.codes import DEVICE_SID
from fhir.mapping import device
from fhir.search.indexing import draft
from fhir.values import Json, unversioned
from store import resources
from store.database import Transaction

_OURS = ("status", "patient")


async def recorder(
    tx: Transaction, device_id: UUID, patient_id: str | None, *, active: bool = True
) -> Json:
    """The Device with that wearer and status; the rest is as it stands, if it does.

    The caller holds the lock of ``resources.lock``.
    """
    fresh = device.recorder(device_id, patient_id, active=active)
    before = await resources.current(tx, "Device", str(device_id))
    if before is None or before.deleted:
        return fresh
    stored: Json = json_text.loads(before.body)
    others = [i for i in stored.get("identifier", []) if i.get("system") != DEVICE_SID]
    kept = {name: value for name, value in stored.items() if name not in _OURS}
    ours = {name: fresh[name] for name in _OURS if name in fresh}
    return unversioned(kept | ours | {"identifier": [*fresh["identifier"], *others]})


async def put_recorder(
    tx: Transaction, device_id: UUID, patient_id: str | None, *, active: bool = True
) -> None:
    """Write that Device; one that says the same as before makes no new version."""
    await resources.put_many(tx, [draft(await recorder(tx, device_id, patient_id, active=active))])
