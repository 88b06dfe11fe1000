"""How long alerts take, for Prometheus: from the last sample of the evidence on.

By the recorder's clock, so a session whose clock is not set tells nonsense; what comes in late
counts with its lateness. Numbers only, nothing of a patient.
"""

from datetime import datetime, timedelta

from prometheus_client import Histogram

from core.alarms.alarm import Newest
from core.alarms.steps import Event, Step
from core.alerts import Alert

NOMINAL_RATE_HZ = 125.0
"""Of recorders; the strip that would tell the session's own may not be there yet."""
_QUICK = (0.1, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 5.0, 10.0, 30.0, 120.0, 600.0, 3600.0)
_SLOW = (1.0, 5.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1800.0, 3600.0, 14400.0, 86400.0)


def _histogram(name: str, told: str, buckets: tuple[float, ...]) -> Histogram:
    text = f"Time from the last sample of the evidence {told}"
    return Histogram(f"hisbundle_alert_{name}_seconds", text, ["priority"], buckets=buckets)


FOUND = _histogram("found", "to the alert", _QUICK)
PUBLISHED = _histogram("published", "to the Flag", _QUICK)
NOTIFIED = _histogram("notified", "to the first message put out", _QUICK)
ACKNOWLEDGED = _histogram("acknowledged", "to the acknowledgement", _SLOW)


def observe(step: Step, newest: Newest, at: datetime) -> None:
    """Count what a step at ``at`` did for the first time."""
    seen_at, label = evidence_ended_at(newest.alert), step.alarm.priority.value
    if Event.OPENED in step.events:
        FOUND.labels(label).observe(_between(seen_at, newest.found_at))
        PUBLISHED.labels(label).observe(_between(seen_at, at))
    if Event.NOTIFIED in step.events and step.alarm.notified_at == at:
        NOTIFIED.labels(label).observe(_between(seen_at, at))
    if Event.ACKNOWLEDGED in step.events:
        ACKNOWLEDGED.labels(label).observe(_between(seen_at, at))


def evidence_ended_at(alert: Alert) -> datetime:
    """When the last sample of an alert's evidence was taken: it opens at the first."""
    if alert.basis is None:
        return alert.opened_at
    samples = max(alert.basis.stop_sample - alert.basis.first_sample, 0)
    return alert.opened_at + timedelta(seconds=samples / NOMINAL_RATE_HZ)


def _between(start: datetime, end: datetime) -> float:
    return max((end - start).total_seconds(), 0.0)
