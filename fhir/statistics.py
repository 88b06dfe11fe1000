"""What $stats is asked: whose values, which codes, what time, which statistics.

Source: https://hl7.org/fhir/R4/observation-operation-stats.html and
http://hl7.org/fhir/ValueSet/observation-statistics
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from core.errors import Incorrect
from fhir.search.literals import reference, token
from fhir.search.quantities import number
from fhir.search.values import period_range
from fhir.values import Json, period
from store.criteria import TokenValue

STATISTICS: Mapping[str, str] = {
    "average": "Average",
    "maximum": "Maximum",
    "minimum": "Minimum",
    "count": "Count",
    "total-count": "Total Count",
    "median": "Median",
    "std-dev": "Standard Deviation",
    "sum": "Sum",
    "variance": "Variance",
    "20-percent": "20th Percentile",
    "80-percent": "80th Percentile",
    "4-lower": "Lower Quartile",
    "4-upper": "Upper Quartile",
    "4-dev": "Quartile Deviation",
    "5-1": "1st Quintile",
    "5-2": "2nd Quintile",
    "5-3": "3rd Quintile",
    "5-4": "4th Quintile",
    "skew": "Skew",
    "kurtosis": "Kurtosis",
    "regression": "Regression",
}
"""The codes and their displays."""
MAX_CODES = 20
MAX_HOURS = 100 * 366 * 24
MAX_SOURCES = 1000
Given = Mapping[str, list[Any]]
_ONCE = ("subject", "system", "duration", "period", "include", "limit")
_REPEATED = ("code", "coding", "statistic")


@dataclass(frozen=True, slots=True)
class Wish:
    """What is asked for; ``period`` is ``start`` to ``end`` as FHIR. ``sources`` are at most."""

    patient: str
    codes: tuple[TokenValue, ...]
    start: datetime
    end: datetime
    period: Json
    statistics: tuple[str, ...]
    sources: int


def wish(pairs: Iterable[tuple[str, Any]], base: str, now: datetime) -> Wish:
    """The wish in the parameters of a URL or a Parameters resource. Raises Incorrect."""
    given: dict[str, list[Any]] = {name: [] for name in (*_ONCE, *_REPEATED)}
    for name, value in pairs:
        if name not in given:
            raise Incorrect(f"$stats has no parameter {name[:80]!r}")
        given[name].append(value)
        if name in _ONCE and len(given[name]) > 1:
            raise Incorrect(f"{name} is given twice")
    start, end, told = _time(given, now)
    sources = _count(given["limit"]) if _is_true(given["include"]) else 0
    return Wish(_patient(given, base), _codes(given), start, end, told, _statistics(given), sources)


def _patient(given: Given, base: str) -> str:
    subject = _text("subject", given["subject"][0] if given["subject"] else "")
    type_, name = reference("Patient", subject, base)
    if type_ != "Patient":
        raise Incorrect("subject: a patient, as Patient/id")
    return name


def _codes(given: Given) -> tuple[TokenValue, ...]:
    system = _text("system", given["system"][0]) if given["system"] else None
    named = [_text("code", value) for value in given["code"]]
    if system is not None:
        named = [f"{system}|{value}" for value in named]
    codings = [_coding(value) for value in given["coding"]]
    found = tuple(dict.fromkeys([*map(token, named), *codings]))
    if not 1 <= len(found) <= MAX_CODES:
        raise Incorrect(f"1 to {MAX_CODES} codes, please: code with system, or coding")
    if not all(value.code and value.system for value in found):
        raise Incorrect("code: with its system, please, as system|code or by the parameter system")
    return found


def _coding(value: Any) -> TokenValue:
    if isinstance(value, str):
        return token(value)
    if not isinstance(value, dict):
        raise Incorrect("coding: a Coding with system and code")
    return token(f"{_text('coding', value.get('system'))}|{_text('coding', value.get('code'))}")


def _time(given: Given, now: datetime) -> tuple[datetime, datetime, Json]:
    if len(given["duration"]) + len(given["period"]) != 1:
        raise Incorrect("either duration (hours until now) or period, please")
    if given["duration"]:
        hours = number(str(given["duration"][0]))
        if not 0 < hours <= MAX_HOURS:
            raise Incorrect(f"duration: more than 0 and at most {MAX_HOURS} hours")
        start = now - timedelta(seconds=float(hours * Decimal(3600)))
        return start, now, period(start, now)
    (told,) = given["period"]
    plain = isinstance(told, dict) and told and set(told) <= {"start", "end"}
    if not plain or not all(isinstance(value, str) for value in told.values()):
        raise Incorrect("period: a Period with start or end, by POST of Parameters")
    start, end = period_range(told)
    if end <= start:
        raise Incorrect("period: it ends before it starts")
    return start, end, told


def _statistics(given: Given) -> tuple[str, ...]:
    asked = [name for value in given["statistic"] for name in _text("statistic", value).split(",")]
    for name in asked:
        if name not in STATISTICS:
            raise Incorrect(f"statistic: no {name[:40]!r}, but {', '.join(STATISTICS)}")
    if not asked:
        raise Incorrect(f"statistic: at least one of {', '.join(STATISTICS)}")
    return tuple(dict.fromkeys(asked))


def _count(values: list[Any]) -> int:
    text = str(values[0]) if values else str(MAX_SOURCES)
    if not (text.isascii() and text.isdigit() and len(text) <= 9 and int(text) > 0):
        raise Incorrect("limit: a whole number from 1 on, please")
    return min(int(text), MAX_SOURCES)


def _is_true(values: list[Any]) -> bool:
    if values and values[0] not in (True, False, "true", "false"):
        raise Incorrect("include: true or false, please")
    return bool(values) and values[0] in (True, "true")


def _text(name: str, value: Any) -> str:
    if not isinstance(value, str) or not value or "\x00" in value:
        raise Incorrect(f"{name}: a text, please")
    return value
