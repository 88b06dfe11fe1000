"""Events in the life of an alarm, and where each leads: one table of states.

The states are those of Flag's history: open, notified, acknowledged, resolved, expired, and
withdrawn, which is its entered-in-error.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from core.alarms.alarm import Alarm, AlarmState
from core.alarms.policy import Recipient
from core.messages import MessageEvent


class Event(StrEnum):
    """What happens to an alarm; it stands in its history under this name."""

    OPENED = "opened"
    SEEN = "seen again"
    NOTIFIED = "notified"
    REPEATED = "repeated"
    GRAVER = "graver"
    ACKNOWLEDGED = "acknowledged"
    REJECTED = "rejected"
    STILL_THERE = "still there"
    PASSED = "passed"
    PUT_DOWN = "put down"
    RETURNED = "returned"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"
    SETTLED = "settled"


_S = AlarmState
_WAITING = (_S.OPEN, _S.NOTIFIED)
_LIVING = (*_WAITING, _S.ACKNOWLEDGED)
_RULES = (
    (_WAITING, Event.NOTIFIED, _S.NOTIFIED),
    (_WAITING, Event.ACKNOWLEDGED, _S.ACKNOWLEDGED),
    ((_S.RESOLVED,), Event.ACKNOWLEDGED, _S.RESOLVED),
    (_WAITING, Event.EXPIRED, _S.EXPIRED),
    (_LIVING, Event.GRAVER, _S.OPEN),
    ((_S.ACKNOWLEDGED,), Event.STILL_THERE, _S.OPEN),
    (_LIVING, Event.PASSED, _S.RESOLVED),
    (_LIVING, Event.PUT_DOWN, _S.RESOLVED),
    ((*_LIVING, _S.RESOLVED, _S.EXPIRED), Event.WITHDRAWN, _S.WITHDRAWN),
    ((_S.RESOLVED, _S.EXPIRED, _S.WITHDRAWN), Event.RETURNED, _S.OPEN),
)
TRANSITIONS: Mapping[tuple[AlarmState, Event], AlarmState] = {
    (before, event): after for states, event, after in _RULES for before in states
}
"""Where an event leads from a state; what is not here leaves the state as it is."""


@dataclass(frozen=True, slots=True)
class Signal:
    """A message to be put out."""

    event: MessageEvent
    level: int
    round: int
    recipients: tuple[Recipient, ...]


@dataclass(frozen=True, slots=True)
class Step:
    """An alarm after what has happened to it, in order, and what is to be told of that."""

    alarm: Alarm
    events: tuple[Event, ...] = ()
    signals: tuple[Signal, ...] = ()

    def then(self, later: "Step") -> "Step":
        """Both steps as one; ``later`` begins where this one ends."""
        events, signals = (*self.events, *later.events), (*self.signals, *later.signals)
        return Step(later.alarm, events, signals)
