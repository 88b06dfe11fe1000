"""Alerts: what rings, how loudly, and what it rests on.

Priorities and the two classes of conditions are those of IEC 60601-1-8 (alarm systems).
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class AlertKind(StrEnum):
    """Conditions that open an alert; the technical ones are listed in TECHNICAL."""

    ASYSTOLE = "asystole"
    VENTRICULAR_FIBRILLATION = "ventricular-fibrillation"
    VENTRICULAR_TACHYCARDIA = "ventricular-tachycardia"
    VENTRICULAR_RUN = "ventricular-run"
    PAUSE = "pause"
    EXTREME_TACHYCARDIA = "extreme-tachycardia"
    EXTREME_BRADYCARDIA = "extreme-bradycardia"
    TACHYCARDIA = "tachycardia"
    BRADYCARDIA = "bradycardia"
    ATRIAL_FIBRILLATION = "atrial-fibrillation"
    ABNORMAL_BEATS = "abnormal-beats"
    LEAD_OFF = "lead-off"
    POOR_SIGNAL = "poor-signal"
    DEVICE_SILENT = "device-silent"
    CLOCK_UNSET = "clock-unset"
    BACKLOG_LATE = "backlog-late"
    MODEL_UNAVAILABLE = "model-unavailable"
    KEY_FAILURE = "key-failure"


TECHNICAL = frozenset(
    {
        AlertKind.LEAD_OFF,
        AlertKind.POOR_SIGNAL,
        AlertKind.DEVICE_SILENT,
        AlertKind.CLOCK_UNSET,
        AlertKind.BACKLOG_LATE,
        AlertKind.MODEL_UNAVAILABLE,
        AlertKind.KEY_FAILURE,
    }
)
"""Of the equipment, not of the heart. The last five come from watching the service itself."""
WATCHED = frozenset(
    {
        AlertKind.DEVICE_SILENT,
        AlertKind.CLOCK_UNSET,
        AlertKind.BACKLOG_LATE,
        AlertKind.MODEL_UNAVAILABLE,
        AlertKind.KEY_FAILURE,
    }
)
"""Those that no strip tells of: analysis going back over late chunks leaves them alone."""


class Priority(StrEnum):
    """IEC 60601-1-8, 6.1: immediate, prompt, or mere awareness."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


@dataclass(frozen=True, slots=True)
class Basis:
    """What an alert rests on: where in the session, by which model and policy.

    Samples count from the session's start: ``first_sample`` is where the alert opens, and all that
    was looked at lies before ``stop_sample``, for the network is shown more of a beat than its R
    peak. ``beats`` are R peaks, the last few of them; a count of beats opens with the last.
    ``probability`` is the network's, where it was asked; ``verified`` is False where the signal's
    quality does not bear the condition out.
    """

    first_sample: int
    stop_sample: int
    beats: tuple[int, ...]
    probability: float | None
    model_id: str
    pipeline_version: str
    policy_version: str
    verified: bool = True


@dataclass(frozen=True, slots=True)
class Alert:
    """A condition of a session, open until it has passed; ``evidence`` says in words why."""

    kind: AlertKind
    opened_at: datetime
    closed_at: datetime | None
    strip_index: int
    evidence: str
    priority: Priority = Priority.MEDIUM
    basis: Basis | None = None

    @property
    def made_by(self) -> tuple[str, str] | None:
        """Pipeline version and model id, as the basis has them."""
        if self.basis is None or not (self.basis.pipeline_version and self.basis.model_id):
            return None
        return self.basis.pipeline_version, self.basis.model_id
