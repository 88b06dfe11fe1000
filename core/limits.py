"""What clinicians have set for patients' alarms, and which of it holds for a stretch of signal.

Unset bounds leave the policy's own in force. Asystole and fibrillation cannot be switched off, nor
can what tells that nothing is being monitored.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from core.alerts import TECHNICAL, AlertKind
from core.ecg import StripFinding

ALWAYS_ON = frozenset({AlertKind.ASYSTOLE, AlertKind.VENTRICULAR_FIBRILLATION}) | TECHNICAL
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
POLICY = Limits(45.0, 130.0, 35.0, 150.0, 3.0)
"""The policy's own bounds, for who tells of them outside analysis; a test holds them equal."""


def filled(limits: Limits) -> Limits:
    """With the policy's own bounds where none are set."""
    rates = ("slow_per_min", "fast_per_min", "extreme_slow_per_min", "extreme_fast_per_min")
    unset = [name for name in (*rates, "pause_s") if getattr(limits, name) is None]
    return replace(limits, **{name: getattr(POLICY, name) for name in unset})


@dataclass(frozen=True, slots=True)
class Term:
    """A patient's limits while they were in force: from ``since`` until just before ``until``."""

    since: datetime
    until: datetime | None
    limits: Limits


@dataclass(frozen=True, slots=True)
class Wearer:
    """One who wears or wore a device, from ``since`` on, with the terms of their limits.

    ``previous_until`` is when who wore it before took it off. It is None for the first, to whom
    all that seems older belongs (store.worn).
    """

    since: datetime
    until: datetime | None
    previous_until: datetime | None = None
    terms: tuple[Term, ...] = ()

    def is_of(self, start: datetime, end: datetime) -> bool:
        """Whether signal from ``start`` to ``end`` is theirs."""
        if self.until is not None and self.until <= start:
            return False
        return self.previous_until is None or (self.previous_until <= start and self.since < end)


def at(terms: Sequence[Term], moment: datetime, *, synced: bool) -> Limits:
    """The limits that were in force at a moment; ``terms`` are one patient's.

    What a clock that is not set says cannot be held against them: then the newest count.
    """
    if synced:
        fit = [t for t in terms if t.since <= moment and (t.until is None or moment < t.until)]
    else:
        fit = [term for term in terms if term.until is None]
    return fit[-1].limits if fit else UNLIMITED


def in_force(wearers: Iterable[Wearer], finding: StripFinding) -> Limits:
    """The limits for a strip: those of who wore the device, as they were at its beginning."""
    lasts = timedelta(seconds=finding.n_samples / finding.rate_hz)
    return worn_by(wearers, finding.started_at, lasts, synced=finding.clock_synced)


def worn_by(
    wearers: Iterable[Wearer], start: datetime, lasts: timedelta, *, synced: bool
) -> Limits:
    """The limits of who wore the device from ``start`` on, as they were then.

    ``wearers`` are those of the device that have limits; whose the strip is follows store.worn.
    """
    whose = next((one for one in wearers if one.is_of(start, start + lasts)), None)
    return UNLIMITED if whose is None else at(whose.terms, start, synced=synced)
