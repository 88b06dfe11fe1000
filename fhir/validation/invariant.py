"""What an invariant is, and the usual forms (https://hl7.org/fhir/R4/conformance-rules.html#constraints).

Each is meant in a strict reading: a primitive that is there by its extensions alone does not
count where an element must be, and counts where it must not be.
"""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from fhir.values import Json


@dataclass(frozen=True, slots=True)
class Invariant:
    """A rule with HL7's ``key``; ``holds`` is asked of each object of its type."""

    key: str
    text: str
    holds: Callable[[Json], bool]


def has(value: Json, *names: str) -> bool:
    """Whether one of these elements, or of these choices (``value[x]``), is there."""
    return any(
        name in value if not name.endswith("[x]") else bool(chosen(value, name[:-3]))
        for name in names
    )


def lacks(value: Json, *names: str) -> bool:
    """Whether none of these elements is there in any way."""
    return not has(value, *names) and not any(f"_{name}" in value for name in names)


def chosen(value: Json, stem: str) -> list[str]:
    """The names of the choices of ``stem[x]`` that are there, siblings of primitives too."""
    names = (name.removeprefix("_") for name in value)
    n = len(stem)
    return sorted({name for name in names if name.startswith(stem) and name[n : n + 1].isupper()})


def number(value: Any) -> Decimal:
    """A JSON number as it was written."""
    return Decimal(str(value))


def needs(key: str, name: str, *others: str) -> Invariant:
    """``name`` only together with one of ``others``."""
    text = f"{name} needs {' or '.join(others)}"
    return Invariant(key, text, lambda v: lacks(v, name) or has(v, *others))


def one(key: str, *names: str) -> Invariant:
    """At least one of ``names``."""
    return Invariant(key, f"needs {' or '.join(names)}", lambda v: has(v, *names))


def either(key: str, one: str, other: str) -> Invariant:
    """Not both, and not none."""
    text = f"needs {one} or {other}, and not both"
    return Invariant(key, text, lambda v: has(v, one) != has(v, other) and _single(v, one, other))


def _single(value: Json, one: str, other: str) -> bool:
    return lacks(value, one) or lacks(value, other)


def not_both(key: str, one: str, other: str) -> Invariant:
    """At most one of two."""
    return Invariant(key, f"not both {one} and {other}", lambda v: _single(v, one, other))


def not_negative(key: str, name: str) -> Invariant:
    """A number from 0 on."""
    return Invariant(key, f"{name} must not be negative", lambda v: number(v.get(name, 0)) >= 0)
