"""Extractors: from a resource as plain data to the values it is found by.

Each is named after its data type's rule in https://hl7.org/fhir/R4/search.html#table and takes
the FHIRPath of the elements as names; a name that is missing, or a list, is no obstacle.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from unicodedata import combining, normalize

from core.errors import Incorrect
from store.index import FOREVER, NO_DATE

Json = dict[str, Any]
Range = tuple[datetime, datetime]
TokenValues = Callable[[Json], Iterator[tuple[str, str]]]
"""Yields (system, code); of a string (as it stands, folded)."""
DateValue = Callable[[Json], Range | None]

MDC = "urn:iso:std:iso:11073:10101"
MDC_NOTE = "MDC codes are found under either of their two system URIs."
_SAME_SYSTEM = {"urn:oid:2.16.840.1.113883.6.24": MDC}
_TRUTH = "http://terminology.hl7.org/CodeSystem/special-values"
MAX_TEXT = 500
"""Characters of a string that are searched: an index has no room for more."""
_DATE = re.compile(
    r"(\d{4})(?:-(\d\d)(?:-(\d\d)(?:T(\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?"
    r"(Z|[+-]\d\d:\d\d)?)?)?)?"
)


def same_system(system: str) -> str:
    """One spelling for systems that have two URIs."""
    return _SAME_SYSTEM.get(system, system)


def elements(node: Any, path: str) -> Iterator[Any]:
    """The nodes at a dotted ``path``, lists unfolded as in FHIRPath."""
    name, _, rest = path.partition(".")
    found = node.get(name) if isinstance(node, dict) else None
    for item in found if isinstance(found, list) else [found]:
        if item is not None:
            yield from elements(item, rest) if rest else (item,)


@dataclass(frozen=True, slots=True)
class Codings:
    """Codings of the CodeableConcepts, or the plain Codings, at ``path``."""

    path: str

    def __call__(self, body: Json) -> Iterator[tuple[str, str]]:
        """Yields (system, code)."""
        for concept in elements(body, self.path):
            for coding in _codings(concept):
                if isinstance(coding.get("code"), str):
                    yield same_system(coding.get("system", "")), coding["code"]

    def texts(self, body: Json) -> Iterator[str]:
        """What a reader sees of them, folded: texts and displays (``:text``)."""
        for concept in elements(body, self.path):
            shown = [concept.get("text"), *(c.get("display") for c in _codings(concept))]
            yield from (fold(text) for text in shown if isinstance(text, str))


def _codings(concept: Json) -> list[Json]:
    found: list[Json] = concept.get("coding", [concept])
    return found


def codings(path: str) -> Codings:
    """Codings of the CodeableConcepts, or the plain Codings, at ``path``."""
    return Codings(path)


def codes(path: str, system: str) -> TokenValues:
    """Plain codes at ``path``, whose ``system`` is that of their required binding."""
    return lambda body: ((system, str(code)) for code in elements(body, path))


def booleans(path: str) -> TokenValues:
    """The truth values at ``path`` (https://hl7.org/fhir/R4/codesystem-special-values.html)."""
    return lambda body: ((_TRUTH, str(found).lower()) for found in elements(body, path))


def identifiers(path: str) -> TokenValues:
    """Identifiers at ``path``."""

    def values(body: Json) -> Iterator[tuple[str, str]]:
        for identifier in elements(body, path):
            if isinstance(identifier.get("value"), str):
                yield identifier.get("system", ""), identifier["value"]

    return values


def contacts(*paths: str, system: str | None = None) -> TokenValues:
    """Values of the ContactPoints at ``paths``, of one ``system`` such as email or of all."""

    def values(body: Json) -> Iterator[tuple[str, str]]:
        for path in paths:
            for contact in elements(body, path):
                if system in (None, contact.get("system")) and "value" in contact:
                    yield contact.get("use", ""), str(contact["value"])

    return values


@dataclass(frozen=True, slots=True)
class References:
    """Literal references at ``paths`` as ``Type/id``; ``others`` leaves those to patients out."""

    paths: tuple[str, ...]
    others: bool = False

    def __call__(self, body: Json) -> Iterator[tuple[str, str]]:
        """Yields ("", ``Type/id``)."""
        for found in self.every(body):
            if not (self.others and found.startswith("Patient/")):
                yield "", found

    def every(self, body: Json) -> Iterator[str]:
        """All of them, those to patients too, whatever version they name."""
        for path in self.paths:
            for reference in elements(body, f"{path}.reference"):
                yield str(reference).partition("/_history/")[0]

    def identifiers(self, body: Json) -> Iterator[tuple[str, str]]:
        """The identifiers by which they refer (``:identifier``)."""
        for path in self.paths:
            yield from identifiers(f"{path}.identifier")(body)


def references(*paths: str) -> References:
    """Literal references at ``paths``, as ``Type/id``."""
    return References(paths)


def other_subjects(path: str) -> References:
    """References at ``path`` but those to patients, which have a column of their own."""
    return References((path,), others=True)


def uris(*paths: str) -> TokenValues:
    """URIs at ``paths``, as they stand."""
    return lambda body: (("", str(found)) for path in paths for found in elements(body, path))


def texts(*paths: str) -> TokenValues:
    """Strings at ``paths``: (as it stands, folded)."""
    return lambda body: (
        (str(text)[:MAX_TEXT], fold(str(text))[:MAX_TEXT])
        for path in paths
        for text in elements(body, path)
    )


def fold(string: str) -> str:
    """A string as searches compare it: neither case, accents nor the width of spaces count."""
    plain = normalize("NFKD", normalize("NFKD", string).casefold())
    return " ".join("".join(c for c in plain if not combining(c)).split())


def dates(*paths: str) -> DateValue:
    """The range of the first date, dateTime, instant or Period found at ``paths``."""

    def value(body: Json) -> Range | None:
        for path in paths:
            for node in elements(body, path):
                return period_range(node) if isinstance(node, dict) else date_range(node)
        return None

    return value


def period_range(period: Json) -> Range:
    """The range of a Period; an end that is missing lies far away."""
    start, end = period.get("start"), period.get("end")
    return (
        date_range(start)[0] if start else NO_DATE,
        date_range(end)[1] if end else FOREVER,
    )


def date_range(string: str) -> Range:
    """First instant and end (excluded) of a date of any precision, UTC where it names no zone.

    Raises Incorrect for what is no date (https://hl7.org/fhir/R4/datatypes.html#dateTime).
    """
    match = _DATE.fullmatch(string)
    if match is None:
        raise Incorrect(f"not a date: {string[:40]!r}")
    try:
        return _bounds(*match.groups())
    except (ValueError, OverflowError):
        raise Incorrect(f"no such date: {string[:40]!r}") from None


def _bounds(
    year: str, month: str | None, day: str | None, hour: str | None, minute: str | None,
    second: str | None, fraction: str | None, zone: str | None,
) -> Range:  # fmt: skip
    micros = int((fraction or "0").ljust(6, "0")[:6])
    numbers = (int(year), int(month or 1), int(day or 1), int(hour or 0), int(minute or 0))
    offset = datetime.fromisoformat(f"2000-01-01T00:00:00{zone or 'Z'}".replace("Z", "+00:00"))
    start = datetime(*numbers, int(second or 0), micros, tzinfo=offset.tzinfo)
    if start.year == datetime.max.year:  # "for ever" in many systems
        return min(_clip(start), FOREVER - timedelta(days=1)), FOREVER
    if month is None:
        end = start.replace(year=start.year + 1)
    elif day is None:
        end = (start + timedelta(days=31)).replace(day=1)
    else:
        end = start + _width(hour, second, fraction)
    return _clip(start), _clip(end)


def _width(hour: str | None, second: str | None, fraction: str | None) -> timedelta:
    if hour is None:
        return timedelta(days=1)
    if second is None:
        return timedelta(minutes=1)
    if fraction is None:
        return timedelta(seconds=1)
    return timedelta(microseconds=int(10 ** (6 - min(len(fraction), 6))))


def _clip(moment: datetime) -> datetime:
    return min(max(moment.astimezone(UTC), NO_DATE), FOREVER)
