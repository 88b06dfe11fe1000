"""Entries of the audit trail for what is sent to subscribers: an entry per patient disclosed.

Like a change, a notification is written down before it leaves and again with what became of it:
the first tells that data may have left, the second that they were taken.
"""

from collections.abc import Iterable

from core.audit import Entry
from store.subscriptions.state import State

INTERACTION = "notification"
_TAKEN, _REFUSED, _FAULT = 300, 400, 500
NO_ANSWER = 504


def entries(
    state: State, place: str, patients: Iterable[str], base_url: str, status: int | None = None
) -> list[Entry]:
    """Of a notification to ``place``; ``status`` is what it was answered, None before it leaves."""
    first = Entry(
        interaction=INTERACTION,
        method="POST",
        request=f"POST {place}".encode(),
        status=status,
        outcome=_outcome(status),
        client=state.client,
        type="Subscription",
        resource_id=state.id,
        server=base_url,
    )
    return [first._replace(patient=patient) for patient in sorted(patients)]


def _outcome(status: int | None) -> int:
    if status is None or status < _TAKEN:
        return 0
    return 4 if _REFUSED <= status < _FAULT else 8
