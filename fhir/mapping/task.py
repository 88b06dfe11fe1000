"""Alarm -> Task: somebody is asked to answer for an alert; accepting it acknowledges the alert.

https://hl7.org/fhir/R4/task.html, https://hl7.org/fhir/R4/task.html#statemachine. A new call of
the same alarm, after a refusal or a re-alert, is a Task of its own.
"""

from core.alarms.alarm import Alarm, AlarmState, Newest
from fhir import codes
from fhir.codes import concept
from fhir.mapping.identity import stable_id
from fhir.values import Json, compact, instant, narrative, reference

KIND = "task"


def task_id(alarm_id: str, number: int) -> str:
    """The id of an alarm's Task, from 1 on."""
    return stable_id(f"{alarm_id}/{KIND}/{number}")


def task(alarm: Alarm, newest: Newest) -> Json:
    """The Task by which the alarm asks now; ``restriction`` says until when before more is done."""
    deadline = alarm.deadline
    text = f"{codes.FLAGS[alarm.kind.value][0].display}: {newest.alert.evidence}"
    team = alarm.policy.care_team
    return compact(
        {
            "resourceType": "Task",
            "id": task_id(alarm.id, alarm.asked),
            "text": narrative(f"Acknowledge: {text}"),
            "status": _status(alarm),
            "intent": "order",
            "priority": codes.REQUEST_PRIORITIES[alarm.priority.value],
            "code": concept(codes.ACKNOWLEDGE),
            "description": text,
            "focus": reference("Flag", alarm.id),
            "for": reference("Patient", alarm.patient_id),
            "authoredOn": instant(alarm.asked_at),
            "lastModified": instant(alarm.asked_at),
            "requester": reference("Device", str(newest.session.device_id)),
            "owner": reference("CareTeam", team) if team else None,
            "restriction": {"period": {"end": instant(deadline)}} if deadline else None,
        }
    )


def _status(alarm: Alarm) -> str:
    """What the service makes of it; what a client says of it stands beside."""
    if alarm.acknowledged_at is not None:
        return "completed" if alarm.settled else "accepted"
    if alarm.state is AlarmState.EXPIRED:
        return "failed"
    return "cancelled" if alarm.settled or alarm.state is AlarmState.WITHDRAWN else "requested"
