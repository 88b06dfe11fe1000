"""Vital signs out of range: by what they say themselves, else by NEWS2's red scores.

Interpretation and reference range are the observer's word and count first
(https://hl7.org/fhir/R4/observation.html#interpretation). Limits are those of a single parameter
that scores 3 in NEWS2 (Royal College of Physicians, National Early Warning Score 2, 2017, chart
1), for adults.
"""

from collections.abc import Iterator
from typing import Any

from fhir.codes import LOINC, UCUM
from fhir.search.values import elements
from fhir.values import Json

_INTERPRETATION = "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation"
_ABNORMAL = frozenset({"A", "AA", "H", "HH", "HU", "HX", "L", "LL", "LU", "LX", "<", ">"})
_NORMAL = frozenset({"N"})
_VOID = frozenset({"entered-in-error", "cancelled"})
_NEWS2: dict[str, tuple[str, float | None, float | None]] = {
    "9279-1": ("/min", 8, 25),
    "2708-6": ("%", 91, None),
    "59408-5": ("%", 91, None),
    "8480-6": ("mm[Hg]", 90, 220),
    "8867-4": ("/min", 40, 131),
    "8310-5": ("Cel", 35.0, None),
}
"""By LOINC code: the unit, and from where on downwards and upwards a value scores 3."""


def is_out_of_range(observation: Json) -> bool:
    """Whether an Observation is a vital sign of which a value is out of range."""
    if observation.get("status") in _VOID or not _is_vital_sign(observation):
        return False
    return any(_is_out(part) for part in (observation, *elements(observation, "component")))


def _is_vital_sign(observation: Json) -> bool:
    return "vital-signs" in elements(observation, "category.coding.code")


def _is_out(part: Json) -> bool:
    """Of an Observation or one of its components."""
    told = {str(c.get("code")) for c in _coded(part, "interpretation.coding", _INTERPRETATION)}
    if told & (_ABNORMAL | _NORMAL):
        return bool(told & _ABNORMAL)
    ranges = list(elements(part, "referenceRange"))
    values = list(elements(part, "valueQuantity"))
    if ranges:
        return any(_is_beyond(value, own) for value in values for own in ranges)
    return any(_scores(value, part) for value in values)


def _coded(part: Json, path: str, system: str) -> Iterator[Json]:
    return (coding for coding in elements(part, path) if coding.get("system") == system)


def _is_beyond(value: Json, own: Json) -> bool:
    number = _number(value)
    if number is None or own.get("appliesTo"):  # of whom it is said, we do not know
        return False
    low, high = (own.get(name, {}) for name in ("low", "high"))
    below, above = _comparable(low, value), _comparable(high, value)
    return (below is not None and number < below) or (above is not None and number > above)


def _comparable(limit: Json, value: Json) -> float | None:
    """The limit's number, if its unit is the value's."""
    same = all(limit.get(name) == value.get(name) for name in ("system", "code"))
    return _number(limit) if same else None


def _scores(value: Json, part: Json) -> bool:
    number = _number(value)
    if number is None or value.get("system") != UCUM:
        return False
    for coding in _coded(part, "code.coding", LOINC):
        unit, low, high = _NEWS2.get(str(coding.get("code")), ("", None, None))
        if unit and unit == value.get("code"):
            return (low is not None and number <= low) or (high is not None and number >= high)
    return False


def _number(quantity: Json) -> float | None:
    found: Any = quantity.get("value")
    return None if found is None or isinstance(found, str) else float(found)
