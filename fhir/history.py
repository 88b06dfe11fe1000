"""What a history request asks for (https://hl7.org/fhir/R4/http.html#history)."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from core.errors import Incorrect
from fhir.search.request import CURSOR, Limits, Pair
from fhir.search.values import Range, date_range

KNOWN = ("_since", "_at", "_count", "_format", "_pretty", CURSOR)


@dataclass(frozen=True, slots=True)
class History:
    """Which versions, and how many in a page; ``applied`` are the parameters as sent."""

    count: int
    since: Range | None = None
    at: Range | None = None
    cursor: str | None = None
    pretty: bool = False
    applied: tuple[Pair, ...] = ()


def parse(pairs: Iterable[Pair], limits: Limits, *, lenient: bool = False) -> History:
    """What ``pairs`` ask for. Raises Incorrect for the first that cannot be carried out."""
    asked = History(limits.default)
    seen: set[str] = set()
    for name, value in pairs:
        if name not in KNOWN:
            if lenient:
                continue
            raise Incorrect(f"history has no parameter {name[:80]!r}")
        if name in seen:
            raise Incorrect(f"{name} is given twice")
        seen.add(name)
        try:
            asked = _taken(asked, name, value, limits)
        except Incorrect as wrong:
            raise Incorrect(f"{name}: {wrong}") from None
    return asked


def _taken(asked: History, name: str, value: str, limits: Limits) -> History:
    if name == CURSOR:
        return replace(asked, cursor=value)
    if name == "_count":
        count = _count(value, limits)
        asked, value = replace(asked, count=count), str(count)
    elif name == "_since":
        asked = replace(asked, since=_range(value))
    elif name == "_at":
        asked = replace(asked, at=_range(value))
    elif name == "_pretty":
        if value not in ("true", "false"):
            raise Incorrect("true or false, please")
        asked = replace(asked, pretty=value == "true")
    return replace(asked, applied=(*asked.applied, (name, value)))


def _range(value: str) -> Range:
    # In a query, the + of a time zone is often sent as it is, and arrives as a blank.
    return date_range(value.replace(" ", "+"))


def _count(value: str, limits: Limits) -> int:
    if not (value.isascii() and value.isdigit() and 0 < len(value) <= 9) or int(value) == 0:
        raise Incorrect("at least 1 version, please")
    return min(int(value), limits.ceiling)
