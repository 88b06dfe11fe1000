"""Alarms in an operator's hands: acknowledged at the command line as from a FHIR client."""

from datetime import datetime

from core.alarms import life
from core.errors import Conflict, NotFound
from fhir.publishing.alarms import commit
from store import alarms, resources
from store.database import Transaction, notify


async def acknowledge(tx: Transaction, id_: str, by: str, at: datetime, base: str) -> None:
    """Acknowledge an alarm in somebody's name.

    Raises NotFound, or Conflict for one that is over or acknowledged already.
    """
    await resources.lock(tx)
    alarm = await alarms.find(tx, id_)
    if alarm is None:
        raise NotFound(f"no alert {id_[:40]!r}")
    step = life.acknowledged(alarm, by, at)
    if not step.events:
        raise Conflict(f"the alert is {alarm.state} already")
    await commit(tx, [step], at, base, by)
    await notify(tx, "resource")
