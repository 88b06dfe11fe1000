"""An alarm: one condition of one patient, from its opening until it is over."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from core.alarms.policy import EscalationPolicy, Recipient
from core.alerts import Alert, AlertKind, Priority
from core.ecg import SessionKey


class AlarmState(StrEnum):
    """Where an alarm is in its life; the last three are its ends."""

    OPEN = "open"
    NOTIFIED = "notified"
    ACKNOWLEDGED = "acknowledged"
    RESOLVED = "resolved"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"


OVER = frozenset({AlarmState.RESOLVED, AlarmState.EXPIRED, AlarmState.WITHDRAWN})


@dataclass(frozen=True, slots=True)
class Occurrences:
    """What the sessions' alerts of an alarm amount to; times are those of the signal.

    ``count`` leaves out withdrawn ones; ``closed_at`` is None while the condition lasts.
    """

    count: int
    opened_at: datetime
    last_seen_at: datetime
    closed_at: datetime | None
    priority: Priority


@dataclass(frozen=True, slots=True)
class Alarm:
    """One condition of one patient; ``id`` is its Flag's, ``policy`` that of when it opened.

    What it was is told in times of the signal (``seen``), what was done in times of the service.
    Of the policy's levels the first ``level`` have been told in this ``round``, which is the
    ``repeats``-th again since it last called. ``asked`` counts its Tasks. ``reached`` have been
    told of it and not of its end; it is ``settled`` once that is done.
    """

    id: str
    patient_id: str
    kind: AlertKind
    state: AlarmState
    seen: Occurrences
    policy: EscalationPolicy
    raised_at: datetime
    round_at: datetime
    asked_at: datetime
    round: int = 0
    level: int = 0
    repeats: int = 0
    asked: int = 1
    reached: tuple[Recipient, ...] = ()
    notified_at: datetime | None = None
    acknowledged_at: datetime | None = None
    acknowledged_by: str | None = None
    put_down: bool = False
    ended_at: datetime | None = None
    settled: bool = False
    next_at: datetime | None = None

    @property
    def is_over(self) -> bool:
        """Whether it has come to an end, from which it may return for a while."""
        return self.state in OVER

    @property
    def priority(self) -> Priority:
        """The gravest of its occurrences."""
        return self.seen.priority

    @property
    def deadline(self) -> datetime | None:
        """Until when it is to be acknowledged before more is done; None where that is never."""
        waits = self.state in (AlarmState.OPEN, AlarmState.NOTIFIED)
        return self.next_at if waits else None


@dataclass(frozen=True, slots=True)
class Newest:
    """An alarm's newest alert, and what opened the alarm (a session's strip).

    ``software`` is the pipeline version and model id of the strip's finding, where there is one.
    """

    opened_in: SessionKey
    opened_by_strip: int
    session: SessionKey
    alert: Alert
    software: tuple[str, str] | None
    found_at: datetime

    @property
    def made_by(self) -> tuple[str, str] | None:
        """Pipeline version and model id of what found the alert, where it was software."""
        return self.alert.made_by or self.software
