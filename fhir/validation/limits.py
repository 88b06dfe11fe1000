"""Goal -> alarm limits of a patient: what it sets, and why it cannot be set.

https://hl7.org/fhir/R4/goal.html. Of the category ``alarm-limits`` only: any other Goal, such as
a resting heart rate that treatment aims at, rings for nobody. One that is active is in force.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

from core.alerts import AlertKind
from core.limits import ALWAYS_ON, Limits, filled
from fhir import codes
from fhir.codes import UCUM, Code, Unit
from fhir.validation.issue import Issue, Rejected, error
from fhir.values import Json

TYPE = "Goal"
RATES_PER_MIN = (15.0, 300.0)
PAUSES_S = (3.0, 4.0)
"""Shorter ones are not told apart from other intervals; from 4 s on it is asystole, which rings."""
PROBABILITIES = (0.1, 0.99)
_KINDS = {own[0].code: AlertKind(kind) for kind, own in codes.FLAGS.items()}
_ORDER = ("extreme_slow_per_min", "slow_per_min", "fast_per_min", "extreme_fast_per_min")


@dataclass(frozen=True, slots=True)
class Measure:
    """What one target sets, by any of ``codes``: fields of Limits, within ``bounds``."""

    codes: tuple[Code, ...]
    fields: tuple[str, ...]
    unit: Unit
    bounds: tuple[float, float]


_MEASURES = (
    Measure((codes.HEART_RATE, codes.MDC_HEART_RATE), ("slow_per_min", "fast_per_min"),
            codes.PER_MINUTE, RATES_PER_MIN),
    Measure((codes.LIMIT_EXTREME_RATE,), ("extreme_slow_per_min", "extreme_fast_per_min"),
            codes.PER_MINUTE, RATES_PER_MIN),
    Measure((codes.LIMIT_PAUSE,), ("pause_s",), codes.SECOND, PAUSES_S),
    Measure((codes.LIMIT_ABNORMAL,), ("abnormal_from",), codes.ONE, PROBABILITIES),
)  # fmt: skip


@dataclass(slots=True)
class _Found:
    """What has been read so far, and what is wrong with it."""

    values: dict[str, Any] = field(default_factory=dict)
    off: set[AlertKind] = field(default_factory=set)
    issues: list[Issue] = field(default_factory=list)

    def wrong(self, text: str, place: str) -> None:
        self.issues.append(error("business-rule", text, place))


def is_limits(goal: Json) -> bool:
    """Whether a Goal sets alarm limits, in force or not."""
    return any(_has(each, codes.ALARM_LIMITS) for each in goal.get("category", ()))


def is_in_force(goal: Json) -> bool:
    """Whether a Goal sets alarm limits, and holds now."""
    return is_limits(goal) and goal.get("lifecycleStatus") == "active"


def problems(goal: Json) -> Sequence[Issue]:
    """Why a Goal cannot be what sets alarm limits; other Goals are anybody's."""
    return _all(goal)[1] if is_limits(goal) else ()


def limits(goal: Json) -> Limits:
    """What a Goal of the category sets. Raises Rejected, with all that is wrong."""
    made, issues = _all(goal)
    if issues:
        raise Rejected(issues)
    return made


def _all(goal: Json) -> tuple[Limits, Sequence[Issue]]:
    found = _Found()
    if any("modifierExtension" in each for each in (goal, *goal.get("target", ()))):
        found.wrong("a modifier that is not known here", "Goal.modifierExtension")
    _check_time(goal, found)
    if not str(goal.get("subject", {}).get("reference", "")).rpartition("/")[0].endswith("Patient"):
        found.wrong("alarm limits are a patient's", "Goal.subject")
    for number, target in enumerate(goal.get("target", ())):
        _read(target, f"Goal.target[{number}]", found)
    if not (found.values or found.off or found.issues):
        found.wrong("alarm limits set at least one", "Goal.target")
    made = Limits(**found.values, off=frozenset(found.off))
    if not found.issues:
        _check_order(made, found)
    return made, found.issues


def _check_time(goal: Json, found: _Found) -> None:
    """Limits hold while their Goal is active: no date begins or ends them."""
    starts, tomorrow = str(goal.get("startDate", "")), datetime.now(UTC) + timedelta(days=1)
    # Somewhere on earth it is tomorrow already.
    if goal.get("lifecycleStatus") == "active" and starts > f"{tomorrow:%Y-%m-%d}":
        told = "not yet: say planned until then, and active when they are to hold"
        found.wrong(told, "Goal.startDate")
    for number, target in enumerate(goal.get("target", ())):
        for name in ("dueDate", "dueDuration"):
            if name in target:
                found.wrong("alarm limits hold until the Goal is no longer active; no date ends"
                            " them", f"Goal.target[{number}].{name}")  # fmt: skip


def _read(target: Json, place: str, found: _Found) -> None:
    measured = target.get("measure", {})
    if _has(measured, codes.ALARM_OFF):
        _read_off(target, place, found)
        return
    for measure in _MEASURES:
        if any(_has(measured, code) for code in measure.codes):
            _read_measure(measure, target, place, found)
            return
    known = ", ".join(code.code for measure in _MEASURES for code in measure.codes)
    found.wrong(f"not a limit of alarms; known are {known}, {codes.ALARM_OFF.code}",
                f"{place}.measure")  # fmt: skip


def _read_measure(measure: Measure, target: Json, place: str, found: _Found) -> None:
    if found.values.keys() & set(measure.fields):
        found.wrong("this limit is set twice", place)
        return
    detail = "detailRange" if len(measure.fields) > 1 else "detailQuantity"
    told: Json = target.get(detail, {})
    ends = ("low", "high") if detail == "detailRange" else ("",)
    given = [(f, told.get(e) if e else told, e) for f, e in zip(measure.fields, ends, strict=True)]
    if not any(each for _, each, _ in given):
        found.wrong(f"this limit is a {detail}", place)
    for name, each, end in given:
        if each:
            where = f"{place}.{detail}" + (f".{end}" if end else "")
            value = _value(measure, each, where, found)
            if value is not None:
                found.values[name] = value


def _value(measure: Measure, quantity: Json, place: str, found: _Found) -> float | None:
    value, (least, most) = quantity.get("value"), measure.bounds
    if (quantity.get("system"), quantity.get("code")) != (UCUM, measure.unit.code):
        found.wrong(f"the unit is {measure.unit.code} of {UCUM}", place)
    elif "comparator" in quantity:
        found.wrong("a limit is one number, without a comparator", place)
    elif value is None or not least <= float(value) <= most:
        found.wrong(f"from {least:g} to {most:g} {measure.unit.code}", place)
    else:
        return float(value)
    return None


def _read_off(target: Json, place: str, found: _Found) -> None:
    place = f"{place}.detailCodeableConcept"
    asked = list(_conditions(target))
    if len(asked) != 1:
        found.wrong(f"one condition, by the code of its alerts in {codes.LOCAL}", place)
    for kind in asked:
        if kind in ALWAYS_ON:
            name = codes.FLAGS[kind.value][0].display
            found.wrong(f"{name} is never switched off: it rings for every patient", place)
        found.off.add(kind)


def _conditions(target: Json) -> Iterator[AlertKind]:
    for coding in target.get("detailCodeableConcept", {}).get("coding", ()):
        if coding.get("system") == codes.LOCAL and coding.get("code") in _KINDS:
            yield _KINDS[coding["code"]]


def _check_order(made: Limits, found: _Found) -> None:
    """From very slow to very fast, with the policy's own bounds where none are set."""
    whole = filled(made)
    rates = [(name, getattr(whole, name)) for name in _ORDER]
    for (one, low), (other, high) in pairwise(rates):
        is_apart = low < high if one == "slow_per_min" else low <= high
        if not is_apart:
            found.wrong(f"{_told(made, one, low)} is not below {_told(made, other, high)};"
                        " set both", "Goal.target")  # fmt: skip


def _told(made: Limits, name: str, value: float) -> str:
    words = name.removesuffix("_per_min").replace("extreme_", "very ")
    own = "" if getattr(made, name) is not None else ", as for every patient"
    return f"the limit of a {words} rate ({value:g}/min{own})"


def _has(concept: Json, code: Code) -> bool:
    found = ((c.get("system"), c.get("code")) for c in concept.get("coding", ()))
    return (code.system, code.code) in found
