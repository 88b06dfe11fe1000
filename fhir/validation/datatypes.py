"""HL7's invariants on data types, by HL7's keys (https://hl7.org/fhir/R4/datatypes.html)."""

from datetime import datetime

from fhir.codes import UCUM
from fhir.validation.invariant import (
    Invariant,
    either,
    has,
    lacks,
    needs,
    not_both,
    not_negative,
    number,
    one,
)
from fhir.values import Json


def is_before(moment: str | None, other: str | None) -> bool:
    """Whether a date or dateTime is before another, as far as both tell."""
    if moment is None or other is None:
        return False
    if "T" in moment and "T" in other:
        return datetime.fromisoformat(moment) < datetime.fromisoformat(other)
    n = min(len(moment), len(other), 10)
    return bool(moment[:n] < other[:n])


def _is_ordered(period: Json) -> bool:
    return not is_before(period.get("end"), period.get("start"))


def _is_range(value: Json) -> bool:
    low, high = value.get("low"), value.get("high")
    if low is None or high is None:
        return True
    if low.get("code") != high.get("code") or "value" not in low or "value" not in high:
        return False
    return number(low["value"]) <= number(high["value"])


def _is_ratio(value: Json) -> bool:
    both = ("numerator" in value) == ("denominator" in value)
    return both and has(value, "numerator", "extension")


def _is_measured(value: Json) -> bool:
    """What age-1, cnt-3, dis-1 and drt-1 share: UCUM, and never a code without a value."""
    return lacks(value, "value") == lacks(value, "code") and value.get("system", UCUM) == UCUM


def _is_count(value: Json) -> bool:
    whole = number(value.get("value", 0)) == number(value.get("value", 0)).to_integral_value()
    plain = (
        "." not in str(value.get("value", "")) and "e" not in str(value.get("value", "")).lower()
    )
    return _is_measured(value) and value.get("code", "1") == "1" and whole and plain


def _is_trigger(value: Json) -> bool:
    kind = value.get("type", "")
    return (
        (kind != "named-event" or has(value, "name"))
        and (kind != "periodic" or has(value, "timing[x]"))
        and (not kind.startswith("data-") or has(value, "data"))
    )


def _is_offset(value: Json) -> bool:
    return lacks(value, "offset") or (
        has(value, "when") and not {"C", "CM", "CD", "CV"} & set(value["when"])
    )


_CODED = needs("qty-3", "code", "system")
_MEASURED = "needs a UCUM code with its value"
DATATYPES: dict[str, tuple[Invariant, ...]] = {
    "Extension": (either("ext-1", "extension", "value[x]"),),
    "Attachment": (needs("att-1", "data", "contentType"),),
    "ContactPoint": (needs("cpt-2", "value", "system"),),
    "Period": (Invariant("per-1", "start must not be after end", _is_ordered),),
    "Quantity": (_CODED,),
    "Age": (
        _CODED,
        Invariant("age-1", _MEASURED, _is_measured),
        Invariant("age-1", "must be more than 0", lambda v: number(v.get("value", 1)) > 0),
    ),
    "Count": (_CODED, Invariant("cnt-3", "must be a whole number of code 1", _is_count)),
    "Distance": (_CODED, Invariant("dis-1", _MEASURED, _is_measured)),
    "Duration": (_CODED, Invariant("drt-1", _MEASURED, _is_measured)),
    "Range": (Invariant("rng-2", "low must not be more than high, in its unit", _is_range),),
    "Ratio": (Invariant("rat-1", "needs both numerator and denominator", _is_ratio),),
    "TimingRepeat": (
        needs("tim-1", "duration", "durationUnit"),
        needs("tim-2", "period", "periodUnit"),
        not_negative("tim-4", "duration"),
        not_negative("tim-5", "period"),
        needs("tim-6", "periodMax", "period"),
        needs("tim-7", "durationMax", "duration"),
        needs("tim-8", "countMax", "count"),
        Invariant("tim-9", "offset needs when, and none of C, CM, CD, CV", _is_offset),
        not_both("tim-10", "timeOfDay", "when"),
    ),
    "DataRequirementCodeFilter": (either("drq-1", "path", "searchParam"),),
    "DataRequirementDateFilter": (either("drq-2", "path", "searchParam"),),
    "Expression": (one("exp-1", "expression", "reference"),),
    "TriggerDefinition": (
        Invariant(
            "trd-1",
            "not both data and timing",
            lambda v: not has(v, "data") or not has(v, "timing[x]"),
        ),
        needs("trd-2", "condition", "data"),
        Invariant("trd-3", "lacks what its type needs", _is_trigger),
    ),
}
