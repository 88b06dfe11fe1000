"""What a clinician has set for one patient's alarms.

Unset bounds leave the policy's own in force. Asystole and fibrillation cannot be switched off.
"""

from dataclasses import dataclass, field

from core.alerts import AlertKind

ALWAYS_ON = frozenset({AlertKind.ASYSTOLE, AlertKind.VENTRICULAR_FIBRILLATION})
"""Whoever silences these silences what the patient is monitored for."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of the heart rate per minute, of a pause in s, of P(abnormal), and what is off.

    ``source`` names the resource version that they come from, empty where nobody has set any.
    """

    slow_per_min: float | None = None
    fast_per_min: float | None = None
    extreme_slow_per_min: float | None = None
    extreme_fast_per_min: float | None = None
    pause_s: float | None = None
    abnormal_from: float | None = None
    off: frozenset[AlertKind] = field(default_factory=frozenset)
    source: str = ""

    def allows(self, kind: AlertKind) -> bool:
        """Whether the condition may ring for this patient."""
        return kind in ALWAYS_ON or kind not in self.off


UNLIMITED = Limits()
