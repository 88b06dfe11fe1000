"""HL7's invariants on resources, by HL7's keys (https://hl7.org/fhir/R4/resourcelist.html)."""

from fhir.validation.datatypes import is_before
from fhir.validation.invariant import Invariant, chosen, has, needs, one
from fhir.values import Json


def _no_home(value: Json, name: str) -> bool:
    return all(item.get("use") != "home" for item in value.get(name, ()))


def _is_group(value: Json) -> bool:
    return "member" not in value or value.get("actual") is True


def _obs_6(value: Json) -> bool:
    return "dataAbsentReason" not in value or not chosen(value, "value")


def _obs_7(value: Json) -> bool:
    own = _codings(value["code"])
    components = value.get("component", ())
    return not chosen(value, "value") or not any(own & _codings(c["code"]) for c in components)


def _codings(concept: Json) -> set[tuple[object, object]]:
    return {(c.get("system"), c.get("code", c.get("display"))) for c in concept.get("coding", ())}


def _is_practitioner(participant: Json) -> bool:
    target = participant.get("member", {}).get("reference", "Practitioner/")
    return "onBehalfOf" not in participant or "Practitioner/" in target


def _task_1(task: Json) -> bool:
    """What cannot be told, for one is a year and the other a day, is not taken as fulfilled."""
    asked, changed = task.get("authoredOn"), task.get("lastModified")
    if asked is None and "_authoredOn" not in task:
        return True
    if changed is None and "_lastModified" not in task:
        return True
    if asked is None or changed is None:
        return False
    return min(len(asked), 11) == min(len(changed), 11) and not is_before(changed, asked)


RESOURCES: dict[str, tuple[Invariant, ...]] = {
    "PatientContact": (one("pat-1", "name", "telecom", "address", "organization"),),
    "Organization": (
        one("org-1", "identifier", "name"),
        Invariant("org-2", "an organization has no home address", lambda v: _no_home(v, "address")),
        Invariant("org-3", "an organization has no home telecom", lambda v: _no_home(v, "telecom")),
    ),
    "Group": (Invariant("grp-1", "members need actual true", _is_group),),
    "ServiceRequest": (needs("prr-1", "orderDetail", "code"),),
    "ObservationReferenceRange": (one("obs-3", "low", "high", "text"),),
    "Observation": (
        Invariant("obs-6", "a value or the reason why there is none", _obs_6),
        Invariant("obs-7", "its own value or a component's of the same code", _obs_7),
    ),
    "GoalTarget": (
        Invariant(
            "gol-1",
            "a detail needs what it measures",
            lambda v: not chosen(v, "detail") or has(v, "measure"),
        ),
    ),
    "Task": (Invariant("inv-1", "lastModified must not be before authoredOn", _task_1),),
    "CareTeamParticipant": (
        Invariant("ctm-1", "onBehalfOf is for a Practitioner", _is_practitioner),
    ),
}
