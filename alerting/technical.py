"""The technical conditions of a session, from what is known of it at a moment: pure rules.

Absence of data is a condition too: whoever hears nothing must not take it for good news. A
session that has ended holds none. Key failures are told by the analysis that meets them.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from core.alerts import WATCHED, AlertKind, Priority
from store.technical import Condition, Watched

JUDGED = WATCHED - {AlertKind.KEY_FAILURE}
"""What these rules decide."""


@dataclass(frozen=True, slots=True)
class WatchLimits:
    """From when on, in s: silence, lateness of what is told, and an unset clock or reserve."""

    silent_s: float = 30.0
    late_s: float = 60.0
    lasting_s: float = 60.0


def conditions(seen: Watched, limits: WatchLimits, now: datetime) -> dict[AlertKind, Condition]:
    """What holds of a session at ``now``, by kind."""
    return {} if seen.ended else dict(_hold(seen, limits, now))


def _hold(
    seen: Watched, limits: WatchLimits, now: datetime
) -> Iterator[tuple[AlertKind, Condition]]:
    silent_s = (now - seen.last_received_at).total_seconds()
    lasted = now - seen.first_received_at >= timedelta(seconds=limits.lasting_s)
    if silent_s >= limits.silent_s:
        words = f"nothing has come for {limits.silent_s:g} s"
        yield AlertKind.DEVICE_SILENT, Condition(seen.last_received_at, Priority.MEDIUM, words)
    late_s = _late_s(seen, now)
    if late_s is not None and late_s >= limits.late_s:
        words = f"the newest strip was told {late_s:.0f} s after its last sample"
        yield AlertKind.BACKLOG_LATE, Condition(now, Priority.LOW, words)
    if seen.clock_synced is False and lasted:
        words = "the recorder's clock is not set: times are those of reception"
        yield AlertKind.CLOCK_UNSET, Condition(now, Priority.LOW, words)
    if seen.fallback is not None:
        words = f"the reserve classifies: {seen.fallback}"
        yield AlertKind.MODEL_UNAVAILABLE, Condition(now, Priority.LOW, words)


def _late_s(seen: Watched, now: datetime) -> float | None:
    """How far behind the newest sample the telling is; None while nothing is known of it.

    With an unset clock only what waits for analysis counts: its times are those of reception.
    """
    behind = [(now - seen.moved_at).total_seconds()] if seen.waiting else []
    if seen.told_until is not None and seen.told_at is not None and seen.clock_synced:
        behind.append((seen.told_at - seen.told_until).total_seconds())
    return max(behind, default=None)
