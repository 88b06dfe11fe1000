r"""Values of primitive types (https://hl7.org/fhir/R4/datatypes.html#primitive).

What HL7 writes as ``\\s`` is meant as in XML Schema: a no-break space is an ordinary character.
"""

import base64
import binascii
import re
from collections.abc import Callable
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

MAX_STRING = 1_048_576
"""Characters; HL7's own limit for a string."""
MAX_INTEGER = 2**31 - 1
MAX_DIGITS = 40
_SHORT = 2048
_YEAR = r"(?!0000)\d{4}"
_CLOCK = r"([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d{1,9})?"
_ZONE = r"(Z|[+-]((0\d|1[0-3]):[0-5]\d|14:00))"
# No text may hold these: control characters, halves of surrogates, and what XML forbids.
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
_ACTIVE = re.compile(r"\s*(javascript|vbscript|data)\s*:", re.IGNORECASE)
_PATTERNS = {
    "id": r"[A-Za-z0-9\-.]{1,64}",
    "code": r"[^\s]+( [^\s]+)*",
    "uri": r"\S+",
    "url": r"\S+",
    "canonical": r"\S+",
    "oid": r"urn:oid:[0-2](\.(0|[1-9]\d*))+",
    "uuidVersion": r"urn:uuid:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}",
    "date": rf"{_YEAR}(-(0[1-9]|1[0-2])(-(0[1-9]|[12]\d|3[01]))?)?",
    "dateTime": (rf"{_YEAR}(-(0[1-9]|1[0-2])(-(0[1-9]|[12]\d|3[01])(T{_CLOCK}{_ZONE})?)?)?"),
    "instant": rf"{_YEAR}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])T{_CLOCK}{_ZONE}",
    "time": _CLOCK,
}
_COMPILED = {name: re.compile(pattern, re.ASCII) for name, pattern in _PATTERNS.items()}
_COMPILED |= {name: re.compile(_PATTERNS[name]) for name in ("code", "uri", "url", "canonical")}
_LEAST = {"integer": -MAX_INTEGER - 1, "positiveInt": 1, "unsignedInt": 0}


def problem(type_: str, value: Any) -> str | None:
    """What is wrong with a value of a primitive type; None if nothing is."""
    if type_ == "boolean":
        return None if isinstance(value, bool) else "must be true or false"
    if type_ in _LEAST:
        return _whole(value, _LEAST[type_])
    if type_ == "decimal":
        return _decimal(value)
    if not isinstance(value, str):
        return "must be a string"
    return _text(value) or _formed(type_, value)


def _whole(value: Any, least: int) -> str | None:
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= MAX_INTEGER:
        return f"must be a whole number from {least} to {MAX_INTEGER}"
    return None


def _decimal(value: Any) -> str | None:
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        return "must be a number"
    number = Decimal(str(value))
    if not number.is_finite() or abs(number.adjusted()) > MAX_DIGITS:
        return "must be a number of sensible size"
    return None if len(number.as_tuple().digits) <= MAX_DIGITS else "has too many digits"


def _text(value: str) -> str | None:
    if not value.strip():
        return "must not be empty"
    if len(value) > MAX_STRING:
        return f"is longer than {MAX_STRING} characters"
    return "has a character that no text may hold" if _FORBIDDEN.search(value) else None


def _formed(type_: str, value: str) -> str | None:
    pattern, real = _COMPILED.get(type_), _REAL.get(type_)
    if pattern is not None and (len(value) > _SHORT or not pattern.fullmatch(value)):
        return f"{value[:40]!r} is no {type_.removesuffix('Version')}"
    if type_ == "url" and _ACTIVE.match(value):
        return "must not be active"
    if real is None:
        return None
    try:
        real(value)
    except (ValueError, binascii.Error):
        return f"{value[:40]!r} is no {type_.replace('encodedBytes', 'base64Binary')}"
    return None


def _day(value: str) -> None:
    if len(value) == len("2026-03-01"):
        date.fromisoformat(value)


def _moment(value: str) -> None:
    if "T" in value:
        datetime.fromisoformat(value)
    else:
        _day(value)


def _bytes(value: str) -> None:
    if not base64.b64decode("".join(value.split()), validate=True):
        raise ValueError("empty")


_REAL: dict[str, Callable[[str], object]] = {
    "date": _day,
    "dateTime": _moment,
    "instant": _moment,
    "time": time.fromisoformat,
    "encodedBytes": _bytes,
}
