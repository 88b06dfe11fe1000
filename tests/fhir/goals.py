"""Goals that set alarm limits, as an EHR would send them."""

from typing import Any

from fhir.codes import (
    ALARM_LIMITS,
    ALARM_OFF,
    FLAGS,
    HEART_RATE,
    LIMIT_ABNORMAL,
    LIMIT_EXTREME_RATE,
    LIMIT_PAUSE,
    ONE,
    PER_MINUTE,
    SECOND,
    Code,
    Unit,
    concept,
)
from fhir.values import Json, narrative, quantity


def rate(
    low: float | None = None,
    high: float | None = None,
    code: Code = HEART_RATE,
    unit: Unit = PER_MINUTE,
) -> Json:
    """A target of a heart rate."""
    bounds = {"low": low, "high": high}
    told = {name: quantity(value, unit, 1) for name, value in bounds.items() if value is not None}
    return {"measure": concept(code), "detailRange": told}


def extreme(low: float | None = None, high: float | None = None) -> Json:
    return rate(low, high, LIMIT_EXTREME_RATE)


def number(value: float, code: Code = LIMIT_PAUSE, unit: Unit = SECOND) -> Json:
    """A target of one number."""
    return {"measure": concept(code), "detailQuantity": quantity(value, unit, 3)}


def abnormal(value: float) -> Json:
    return number(value, LIMIT_ABNORMAL, ONE)


def off(kind: str) -> Json:
    """A target that switches a condition off."""
    return {"measure": concept(ALARM_OFF), "detailCodeableConcept": concept(*FLAGS[kind])}


def goal(*targets: Json, id_: str = "limits", patient: str = "p1", **more: Any) -> Json:
    """A Goal that sets alarm limits, active."""
    return {
        "resourceType": "Goal",
        "id": id_,
        "text": narrative("Alarm limits set by the ward"),
        "lifecycleStatus": "active",
        "category": [concept(ALARM_LIMITS)],
        "description": {"text": "Alarm limits set by the ward"},
        "subject": {"reference": f"Patient/{patient}"},
        "target": list(targets),
    } | more


EVERYTHING = goal(
    rate(50, 120), extreme(40, 140), number(3.5), abnormal(0.8), off("atrial-fibrillation")
)
"""One that sets all there is."""
