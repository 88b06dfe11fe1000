"""Statistics of one code as an Observation, a component each.

Source: https://hl7.org/fhir/R4/observation-operation-stats.html
"""

from collections.abc import Iterator, Mapping, Sequence

from fhir.codes import UCUM
from fhir.values import Json

SYSTEM = "http://terminology.hl7.org/CodeSystem/observation-statistics"
_REASON = "http://terminology.hl7.org/CodeSystem/data-absent-reason"
_UNDEFINED = {"system": _REASON, "code": "not-a-number", "display": "Not a Number (NaN)"}
_DIGITS = 12
_BARE = {"skew", "kurtosis"}
_LINE = {
    "gradient": "Gradient of the line over time, per hour",
    "intercept": "The line's value at the start of the period",
}


def statistics_observation(
    about: Json, wanted: Mapping[str, str], values: Mapping[str, float | None], unit: str | None
) -> Json:
    """The statistics ``wanted`` (code to display) of ``values`` in the UCUM ``unit``.

    ``about`` are the code, subject and effectivePeriod. ``count`` and ``total-count`` are whole
    numbers; what is not defined says so.
    """
    parts = [
        part
        for code, display in wanted.items()
        for part in _components(code, display, values, unit)
    ]
    return {"resourceType": "Observation", "status": "final", **about, "component": parts}


def _components(
    code: str, display: str, values: Mapping[str, float | None], unit: str | None
) -> Iterator[Json]:
    concept: Json = {"coding": [{"system": SYSTEM, "code": code, "display": display}]}
    if code == "regression":
        for name, text in _LINE.items():
            yield {"code": concept | {"text": text}, **_value(name, values[name], unit)}
    elif code == "4-dev":
        yield {"code": concept, **_value(code, _half(values["4-lower"], values["4-upper"]), unit)}
    else:
        yield {"code": concept, **_value(code, values[code], unit)}


def _half(lower: float | None, upper: float | None) -> float | None:
    return None if lower is None or upper is None else (upper - lower) / 2


def _value(name: str, value: float | None, unit: str | None) -> Json:
    if value is None:
        return {"dataAbsentReason": {"coding": [_UNDEFINED]}}
    if name in ("count", "total-count"):
        return {"valueInteger": int(value)}
    return {"valueQuantity": {"value": _rounded(value), **_unit(name, unit)}}


def _unit(name: str, unit: str | None) -> Json:
    """UCUM of a statistic; its terms are read from left to right (https://ucum.org/ucum, 2.2.5)."""
    code = unit or "1"
    if name in _BARE:
        code = "1"
    elif name == "variance":
        whole = f"1{code}" if code.startswith("/") else code
        code = f"{whole}.{whole}"
    elif name == "gradient":
        code = f"{code}/h"
    return {"unit": code, "system": UCUM, "code": code}


def _rounded(value: float) -> float | int:
    near = float(f"{value:.{_DIGITS}g}")
    return int(near) if near.is_integer() and abs(near) < 1e15 else near


def units_told(units: Sequence[str]) -> str:
    """The sentence for values in several units."""
    return f"the values are in {', '.join(units)}: statistics need one unit"
