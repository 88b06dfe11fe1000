"""Parameters of ``$export`` (https://hl7.org/fhir/uv/bulkdata/export.html#query-parameters)."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from core.errors import Incorrect
from fhir.search.request import Pair
from fhir.search.values import date_range
from fhir.values import Json

FILTERS_MAX = 20
FILTER_CHARS_MAX = 8_000
"""Of all ``_typeFilter`` together."""
PATIENTS_MAX = 10_000
_FORMATS = {"application/fhir+ndjson", "application/ndjson", "ndjson"}
# A comma separates queries only where another one begins: within a query it means OR.
_NEXT_QUERY = re.compile(r",(?=[A-Z][A-Za-z]{1,63}\?)")
_PATIENT = re.compile(r"(?:Patient/)?([A-Za-z0-9\-.]{1,64})")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a client asks for; ``types`` is None for all that it may read.

    ``filters`` are searches as (type, query); ``patients`` is None where nobody was named.
    """

    types: tuple[str, ...] | None = None
    since: datetime | None = None
    filters: tuple[Pair, ...] = ()
    patients: tuple[str, ...] | None = None
    ignored: tuple[str, ...] = ()


def parse(pairs: Iterable[Pair], base: str, *, lenient: bool = False) -> Wanted:
    """What ``pairs`` ask for; ``base`` is this server's URL, for absolute references.

    Raises Incorrect for the first parameter that cannot be carried out; ``lenient`` leaves out
    those that are not supported.
    """
    wanted, seen = Wanted(), set()
    for name, value in pairs:
        if name in _ONCE and name in seen:
            raise Incorrect(f"{name} is given twice")
        seen.add(name)
        take = _TAKE.get(name)
        if take is not None:
            wanted = take(wanted, value.removeprefix(f"{base}/"))
        elif lenient:
            wanted = replace(wanted, ignored=(*wanted.ignored, name[:80]))
        else:
            raise Incorrect(f"$export has no parameter {name[:80]!r} here")
    return _checked(wanted)


def from_resource(body: object) -> list[Pair]:
    """The parameters in a Parameters resource, as they would stand in a URL.

    Raises Incorrect for anything else (https://hl7.org/fhir/R4/parameters.html).
    """
    if not isinstance(body, dict) or body.get("resourceType") != "Parameters":
        raise Incorrect("a Parameters resource is expected")
    given = body.get("parameter", [])
    if not isinstance(given, list):
        raise Incorrect("Parameters.parameter is a list")
    return [_pair(item) for item in given]


def _pair(item: object) -> Pair:
    if not isinstance(item, dict) or not isinstance(item.get("name"), str):
        raise Incorrect("each parameter has a name")
    values = [value for name, value in item.items() if name.startswith("value")]
    if len(values) != 1:
        raise Incorrect(f"{item['name'][:80]}: one value, please")
    return item["name"], _plain(item["name"], values[0])


def _plain(name: str, value: Json | str | object) -> str:
    plain = value.get("reference") if isinstance(value, dict) else value
    if not isinstance(plain, str):
        raise Incorrect(f"{name[:80]}: a string, or a reference, please")
    return plain


def _checked(wanted: Wanted) -> Wanted:
    if len(wanted.filters) > FILTERS_MAX:
        raise Incorrect(f"_typeFilter: more than {FILTERS_MAX} searches")
    if sum(len(query) for _, query in wanted.filters) > FILTER_CHARS_MAX:
        raise Incorrect(f"_typeFilter: more than {FILTER_CHARS_MAX} characters")
    if len(wanted.patients or ()) > PATIENTS_MAX:
        raise Incorrect(f"patient: more than {PATIENTS_MAX}")
    for type_, _ in wanted.filters:
        if wanted.types is not None and type_ not in wanted.types:
            raise Incorrect(f"_typeFilter: {type_} is not among _type")
    return wanted


def _take_format(wanted: Wanted, value: str) -> Wanted:
    if value.replace(" ", "+") not in _FORMATS:
        raise Incorrect("_outputFormat: application/fhir+ndjson is supported")
    return wanted


def _take_since(wanted: Wanted, value: str) -> Wanted:
    try:  # a plus sign that was not escaped in a URL arrives as a space
        return replace(wanted, since=date_range(value.replace(" ", "+"))[0])
    except Incorrect as wrong:
        raise Incorrect(f"_since: {wrong}") from None


def _take_types(wanted: Wanted, value: str) -> Wanted:
    names = [name.strip() for name in value.split(",")]
    if not all(names):
        raise Incorrect("_type: names of resource types, please")
    return replace(wanted, types=tuple(dict.fromkeys((*(wanted.types or ()), *names))))


def _take_filters(wanted: Wanted, value: str) -> Wanted:
    found: list[Pair] = []
    for query in _NEXT_QUERY.split(value):
        type_, mark, rest = query.partition("?")
        if not mark or not rest or "\x00" in query:
            raise Incorrect(f"_typeFilter: not a search such as Flag?status=active: {query[:80]!r}")
        found.append((type_, rest))
    return replace(wanted, filters=(*wanted.filters, *found))


def _take_patient(wanted: Wanted, value: str) -> Wanted:
    match = _PATIENT.fullmatch(value)
    if match is None:
        raise Incorrect(f"patient: not a reference to a Patient here: {value[:80]!r}")
    return replace(wanted, patients=(*(wanted.patients or ()), match[1]))


_ONCE = {"_outputFormat", "_since"}
_TAKE: dict[str, Callable[[Wanted, str], Wanted]] = {
    "_outputFormat": _take_format,
    "_since": _take_since,
    "_type": _take_types,
    "_typeFilter": _take_filters,
    "patient": _take_patient,
}
