"""Quantities: as they stand in resources, and as a search writes them.

Source: https://hl7.org/fhir/R4/search.html#quantity
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from core.errors import Incorrect
from fhir.search.values import Json, elements
from store.index import FAR, Amount

MAX_DIGITS = 30
MAX_EXPONENT = 60
_NUMBER = re.compile(r"[+-]?\d{1,60}(?:\.\d{1,60})?(?:[eE][+-]?\d{1,4})?")

AmountValues = Callable[[Json], Iterator[Amount]]


@dataclass(frozen=True, slots=True)
class Quantities:
    """The Quantities and Ranges at ``paths``."""

    paths: tuple[str, ...]

    def __call__(self, body: Json) -> Iterator[Amount]:
        """Yields each that has a value."""
        for path in self.paths:
            for node in elements(body, path):
                found = _range(node) if "low" in node or "high" in node else _amount(node)
                if found is not None:
                    yield found


def quantities(*paths: str) -> AmountValues:
    """The Quantities and Ranges at ``paths``; what has no value is left out."""
    return Quantities(paths)


def _amount(quantity: Json) -> Amount | None:
    value = _decimal(quantity.get("value"))
    if value is None:
        return None
    comparator = quantity.get("comparator", "")
    low = -FAR if comparator.startswith("<") else value
    high = FAR if comparator.startswith(">") else value
    return _of(quantity, low, high)


def _range(node: Json) -> Amount | None:
    low, high = node.get("low", {}), node.get("high", {})
    first, last = _decimal(low.get("value")), _decimal(high.get("value"))
    if first is None and last is None:
        return None
    return _of(low or high, -FAR if first is None else first, FAR if last is None else last)


def _of(quantity: Json, low: Decimal, high: Decimal) -> Amount:
    system, code, unit = (str(quantity.get(name, "")) for name in ("system", "code", "unit"))
    return Amount(system, code, unit, low, high)


def _decimal(value: Any) -> Decimal | None:
    """A JSON number; None for what no search could ask for."""
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        return None
    try:
        return number(str(value))
    except Incorrect:
        return None


def number(text: str) -> Decimal:
    """A decimal as FHIR writes it. Raises Incorrect if it is none, or out of all bounds."""
    if not _NUMBER.fullmatch(text):
        raise Incorrect(f"not a number: {text[:40]!r}")
    value = Decimal(text)
    _, digits, exponent = value.as_tuple()
    if len(digits) > MAX_DIGITS or abs(int(exponent)) > MAX_EXPONENT:
        raise Incorrect(f"a number of more digits than any measurement: {text[:40]!r}")
    return value


def half_digit(value: Decimal) -> Decimal:
    """Half a unit of the last digit that a number writes: its implicit precision."""
    return Decimal(5).scaleb(int(value.as_tuple().exponent) - 1)
