"""A Subscription's status as the server changes it: in its row, and in a version of the resource.

Only a client asks for a Subscription; only the server makes it active or in error
(https://hl7.org/fhir/uv/subscriptions-backport/STU1.1/workflow.html).
"""

from core import json_text
from fhir.search.indexing import draft
from fhir.values import Json, unversioned
from store import resources
from store.database import Transaction
from store.subscriptions import state
from store.subscriptions.state import Status

_MAX_CHARS = 500


async def turn(
    tx: Transaction, id_: str, status: Status, error: str | None = None, version: int | None = None
) -> bool:
    """Set the status, and the reason of an error; nothing of a Subscription that was deleted.

    Given a ``version``, nothing of a later one either: what was found out of another request
    does not count for it. Whether it was set.

    It takes the FHIR clock: call it before anything of this transaction locks the row. Tell the
    channel ``resource`` afterwards.
    """
    await resources.lock(tx)
    current = await resources.current(tx, "Subscription", id_)
    if current is None or current.deleted or version not in (None, current.version):
        return False
    body = told(unversioned(json_text.loads(current.body)), status, error)
    await resources.put_many(tx, [draft(body)])
    await state.turn(tx, id_, status, error)
    return True


def told(body: Json, status: Status, error: str | None) -> Json:
    """The resource with another status, and with the error that there is now or none."""
    rest = {name: value for name, value in body.items() if name not in ("error", "_error")}
    reason = {} if error is None else {"error": error[:_MAX_CHARS]}
    return rest | reason | {"status": status.value}
