"""What a client may see while nobody of it asks: when something is sent to it."""

from collections.abc import Sequence

from fhir.access.compartments import compartment
from fhir.access.scopes import PATIENT, Rights, within
from store import clients
from store.database import Transaction

_ACTIVE = "active"


async def held(tx: Transaction, client: str | None, granted: Sequence[str]) -> Rights | None:
    """What is left, at this moment, of scopes that were ``granted`` to ``client`` once.

    None if the client is disabled. A name that no client has is an administrator's, whose
    scopes stand as they are.
    """
    found = None if client is None else await clients.find(tx, client)
    if found is None:
        return Rights(tuple(granted))
    if found.status != _ACTIVE:
        return None
    scopes = tuple(scope for scope in granted if within(scope, found.scopes))
    if not any(scope.startswith(PATIENT) for scope in scopes):
        return Rights(scopes)
    return Rights(scopes, await compartment(tx, found.id))
