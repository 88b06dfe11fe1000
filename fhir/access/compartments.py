"""Whom a client is registered for, looked up while it asks: named patients, members of groups.

Tokens name the client, not its patients: whoever leaves a group is out of sight within
REFRESH_S. Source: https://hl7.org/fhir/smart-app-launch/scopes-and-launch-context.html
"""

import time
from collections import OrderedDict
from datetime import UTC, datetime

import orjson
import structlog

from fhir.groups import patients
from store import clients, resources
from store.database import Database, Transaction

REFRESH_S = 1.0
KEPT_MAX = 1000
"""Clients whose patients are remembered that long."""
PATIENTS_MAX = 10_000
_log = structlog.get_logger(__name__)


async def compartment(tx: Transaction, client_id: str | None) -> frozenset[str]:
    """The ids of the patients whom a client is registered for at this moment.

    None for more than PATIENTS_MAX: a part of them would be taken for all.
    """
    client = None if client_id is None else await clients.find(tx, client_id)
    if client is None:
        return frozenset()
    found = set(client.patients)
    now = datetime.now(UTC)
    for group in await resources.read_many(tx, [("Group", name) for name in client.groups]):
        found.update(patients(orjson.loads(group.body), now))
    if len(found) > PATIENTS_MAX:
        _log.warning("too many patients of one client", client=client_id, most=PATIENTS_MAX)
        return frozenset()
    return frozenset(found)


class Compartments:
    """The patients of clients, remembered for a moment."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._kept: OrderedDict[str, tuple[float, frozenset[str]]] = OrderedDict()

    async def of(self, client_id: str) -> frozenset[str]:
        """The ids of a client's patients, at most REFRESH_S old. Raises Unavailable."""
        known = self._kept.get(client_id)
        now = time.monotonic()
        if known is not None and now < known[0]:
            return known[1]
        async with self._database.transaction() as tx:
            found = await compartment(tx, client_id)
        self._kept[client_id] = (now + REFRESH_S, found)
        self._kept.move_to_end(client_id)
        if len(self._kept) > KEPT_MAX:
            self._kept.popitem(last=False)
        return found

    def forget(self) -> None:
        """Look up anew at the next request."""
        self._kept.clear()
