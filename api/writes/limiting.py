"""Limits of patients' alarms, put in force and ended with the Goals that set them.

https://hl7.org/fhir/R4/goal.html. One Goal of a patient is in force at a time: of two nobody could
say which counts. Who replaces one by another ends the first before, or in the same transaction.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from starlette.requests import Request

from api.requests import caller
from core import json_text
from core.errors import Conflict
from fhir.access.scopes import Action, allows
from fhir.validation.issue import Rejected, error
from fhir.validation.limits import TYPE as TYPE
from fhir.validation.limits import is_in_force, limits
from store import limits as terms
from store.database import Transaction
from store.resources import Document


async def note(request: Request, tx: Transaction, goals: Mapping[str, Document]) -> None:
    """End and begin what was changed, at the end of its transaction; ``goals`` by id.

    Raises Conflict for a patient whose limits another Goal sets, Rejected for nobody's limits.
    """
    # A transaction's versions are stamped one after the other; it counts as a whole, at once.
    since = max((document.last_updated for document in goals.values()), default=None)
    if since is None:
        return
    await terms.end(tx, sorted(goals), since)
    for id_ in sorted(goals):
        if not goals[id_].deleted:
            await _begin(request, tx, goals[id_], since)


async def _begin(request: Request, tx: Transaction, document: Document, since: datetime) -> None:
    body = json_text.loads(document.body)
    if not is_in_force(body):
        return
    patient = document.patient_id
    if patient is None:
        told = "alarm limits are a patient's of this server"
        raise Rejected([error("business-rule", told, "Goal.subject")])
    other = await terms.in_force(tx, patient)
    if other is not None:
        known = allows(caller(request).rights, TYPE, Action.READ)
        named = f"Goal/{other}" if known else "another Goal"
        raise Conflict(
            f"Goal.lifecycleStatus: {named} sets this patient's alarm limits already; change that"
            " one, or end it in the same transaction"
        )
    source = f"{TYPE}/{document.id}/_history/{document.version}"
    found = replace(limits(body), source=source)
    await terms.begin(tx, patient, document.id, document.version, since, found)
