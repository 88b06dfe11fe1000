"""Alarm -> Flag: a standing warning, active until somebody has answered for it or it has passed.

https://hl7.org/fhir/R4/flag.html. What it rests on is the Observation in HL7's extension
flag-detail, how grave it is stands in flag-priority
(https://hl7.org/fhir/extensions/extension-registry.html); the rest is our own, ``alarm``.
"""

from core.alarms.alarm import Alarm, AlarmState, Newest
from core.alerts import TECHNICAL, WATCHED, AlertKind
from core.ecg import SessionKey
from fhir import codes
from fhir.codes import concept
from fhir.mapping import beats, heart_rate, quality, rhythm
from fhir.mapping.identity import Origin
from fhir.mapping.life import life
from fhir.values import Json, instant, narrative, period

KIND = "flag"
_RATES = (
    AlertKind.TACHYCARDIA,
    AlertKind.BRADYCARDIA,
    AlertKind.EXTREME_TACHYCARDIA,
    AlertKind.EXTREME_BRADYCARDIA,
)
_EVIDENCE = dict.fromkeys(AlertKind, rhythm.KIND) | dict.fromkeys(TECHNICAL, quality.KIND)
_EVIDENCE |= dict.fromkeys(_RATES, heart_rate.KIND) | {AlertKind.ABNORMAL_BEATS: beats.KIND}


def flag_name(kind: AlertKind, strip_index: int) -> tuple[str, str, int]:
    """What a Flag is called within the session that opened it."""
    return KIND, kind.value, strip_index


def flag_id(session: SessionKey, kind: AlertKind, strip_index: int) -> str:
    """The id of the Flag, and the alarm, that a strip of a session opens."""
    return _origin(session, None).id(*flag_name(kind, strip_index))


def flag(alarm: Alarm, newest: Newest) -> Json:
    """The alarm's Flag; it is found by the strip that opened the alarm."""
    opened = _origin(newest.opened_in, alarm.patient_id)
    now = _origin(newest.session, alarm.patient_id)
    name = flag_name(alarm.kind, newest.opened_by_strip)
    coded = codes.FLAGS[alarm.kind.value]
    text = f"{coded[0].display}: {newest.alert.evidence}"
    return {
        "resourceType": "Flag",
        "id": alarm.id,
        "text": narrative(f"{text}; {_told(alarm)}"),
        "extension": [
            {"url": codes.FLAG_DETAIL, "valueReference": _evidence(newest, now)},
            {
                "url": codes.FLAG_PRIORITY,
                "valueCodeableConcept": concept(codes.PRIORITIES[alarm.priority.value]),
            },
            life(alarm, newest.alert),
        ],
        "identifier": [opened.identifier(*name)],
        "status": _status(alarm),
        "category": [concept(_category(alarm.kind))],
        "code": concept(*coded, text=text),
        "subject": now.subject,
        "period": period(alarm.seen.opened_at, alarm.seen.closed_at if alarm.is_over else None),
        "author": now.device,
    }


def _origin(session: SessionKey, patient_id: str | None) -> Origin:
    return Origin(session.device_id, session.session_id, patient_id)


def _evidence(newest: Newest, origin: Origin) -> Json:
    """The Observation of the strip; what no strip tells of rests on the recorder itself."""
    kind = newest.alert.kind
    if kind in WATCHED:
        return origin.device
    return origin.observation(_EVIDENCE[kind], newest.alert.strip_index)


def _told(alarm: Alarm) -> str:
    seen = alarm.seen
    since = f"{'from' if seen.closed_at else 'since'} {instant(seen.opened_at)}"
    until = f" to {instant(seen.closed_at)}" if seen.closed_at else ""
    times = f", {seen.count} times" if seen.count > 1 else ""
    return f"{since}{until}{times}; {alarm.state}"


def _status(alarm: Alarm) -> str:
    if alarm.state is AlarmState.WITHDRAWN:
        return "entered-in-error"
    return "inactive" if alarm.is_over else "active"


def _category(kind: AlertKind) -> codes.Code:
    return codes.SAFETY if kind in TECHNICAL else codes.CLINICAL
