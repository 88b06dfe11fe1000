"""Where an alarm is in its life and what it rests on, as an extension of its Flag.

R6's DeviceAlert has elements for these (https://build.fhir.org/devicealert.html); R4 has none.
"""

import re
from collections.abc import Iterator

from core.alarms.alarm import Alarm
from core.alerts import Alert
from fhir import codes
from fhir.values import Json, decimal, instant

_LOCAL_REFERENCE = re.compile(r"[A-Z][A-Za-z]+/[A-Za-z0-9.\-]{1,64}")
PARTS: tuple[tuple[str, str, str], ...] = (
    ("state", "code", "open, notified, acknowledged, resolved, expired or withdrawn"),
    ("count", "integer", "How often the condition has come"),
    ("lastSeen", "dateTime", "When the condition was last there, by the signal"),
    ("notified", "dateTime", "When the first message went out"),
    ("acknowledged", "dateTime", "When somebody answered for it"),
    ("acknowledgedBy", "Reference", "Who did"),
    ("acknowledgedByClient", "string", "Who did, where it is nobody with a resource"),
    ("escalation", "string", "The escalation policy in force when it opened"),
    ("firstSample", "integer", "Of the evidence, from the session's start"),
    ("lastSample", "integer", "Of the evidence, from the session's start"),
    ("beat", "integer", "Sample of an R peak of the evidence; repeats"),
    ("probability", "decimal", "The network's, that the beats are abnormal"),
    ("verified", "boolean", "false where the signal's quality does not bear it out"),
    ("model", "string", "The network"),
    ("pipeline", "string", "Version of the signal processing"),
    ("policy", "string", "Version of the alert policy"),
)
"""Name, type and meaning of each part of the extension."""
_TYPES = {name: f"value{type_[0].upper()}{type_[1:]}" for name, type_, _ in PARTS}


def life(alarm: Alarm, alert: Alert) -> Json:
    """The extension; ``alert`` is the newest of the alarm's."""
    parts = [{"url": name, _TYPES[name]: value} for name, value in _parts(alarm, alert)]
    return {"url": codes.ALARM, "extension": parts}


def _parts(alarm: Alarm, alert: Alert) -> Iterator[tuple[str, object]]:
    yield "state", alarm.state.value
    yield "count", alarm.seen.count
    yield "lastSeen", instant(alarm.seen.last_seen_at)
    if alarm.notified_at is not None:
        yield "notified", instant(alarm.notified_at)
    if alarm.acknowledged_at is not None:
        yield "acknowledged", instant(alarm.acknowledged_at)
    if alarm.acknowledged_by is not None:
        yield _by(alarm.acknowledged_by)
    yield "escalation", alarm.policy.name
    yield from _basis(alert)


def _by(who: str) -> tuple[str, object]:
    if _LOCAL_REFERENCE.fullmatch(who):
        return "acknowledgedBy", {"reference": who}
    return "acknowledgedByClient", who


def _basis(alert: Alert) -> Iterator[tuple[str, object]]:
    basis = alert.basis
    if basis is None:
        return
    yield "firstSample", basis.first_sample
    yield "lastSample", basis.stop_sample - 1
    for beat in basis.beats:
        yield "beat", beat
    if basis.probability is not None:
        yield "probability", decimal(basis.probability, 4)
    yield "verified", basis.verified
    for name, value in (
        ("model", basis.model_id),
        ("pipeline", basis.pipeline_version),
        ("policy", basis.policy_version),
    ):
        if value:
            yield name, value
