"""Search requests: parameters as sent to criteria (https://hl7.org/fhir/R4/search.html).

What is not declared in ``fhir.search.registry``, or cannot be understood, is refused; under
``Prefer: handling=lenient`` an unknown parameter is left out and reported instead.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from core.errors import Incorrect
from fhir.media import wanted
from fhir.search import clauses as search_clauses
from fhir.search import results
from fhir.search.params import Kind, ResourceType, UnknownParameter
from fhir.search.results import Include, Summary
from fhir.search.subset import Subset, subset
from store.criteria import Clause, Query, SortColumn, SortKey

Pair = tuple[str, str]

MAX_PARAMS = 64
_COLUMNS = {
    Kind.DATE: SortColumn.SPAN,
    Kind.QUANTITY: SortColumn.AMOUNT,
    Kind.REFERENCE: SortColumn.TOKEN,
    Kind.STRING: SortColumn.TOKEN,
    Kind.TOKEN: SortColumn.TOKEN,
    Kind.URI: SortColumn.TOKEN,
}
MAX_SORT_KEYS = 8
_BOOLEANS = {"true": True, "false": False}


@dataclass(frozen=True, slots=True)
class Limits:
    """Entries of a page, by default and at most."""

    default: int
    ceiling: int


@dataclass(frozen=True, slots=True)
class Search:
    """A search as it is carried out.

    ``applied`` are the parameters that count, as sent; ``ignored`` tells of those that do not.
    """

    query: Query
    count: int
    total: bool = False
    total_only: bool = False
    cursor: str | None = None
    includes: tuple[Include, ...] = ()
    summary: Summary | None = None
    elements: tuple[str, ...] = ()
    subset: Subset | None = None
    applied: tuple[Pair, ...] = ()
    ignored: tuple[str, ...] = ()


Take = Callable[[Search, ResourceType, str], Search]


def parse(
    kind: ResourceType, pairs: Iterable[Pair], limits: Limits, base: str, *, lenient: bool = False
) -> Search:
    """What ``pairs`` ask for; ``base`` is this server's URL, for absolute references.

    Raises Incorrect for the first parameter that cannot be carried out.
    """
    query = Query(kind.name, (), _sort(kind, kind.default_sort))
    search, told = Search(query, limits.default), _Told([], [], [])
    seen: set[str] = set()
    for number, (name, value) in enumerate(pairs):
        if number >= MAX_PARAMS:
            raise Incorrect(f"more than {MAX_PARAMS} search parameters")
        if name in _RESULT and name in seen and name not in _REPEATED:
            raise Incorrect(f"{name} is given twice")
        seen.add(name)
        search = _take(search, told, kind, (name, value), base, lenient)
    query = replace(search.query, clauses=tuple(dict.fromkeys(told.clauses)))
    search = replace(search, query=query, applied=tuple(told.applied), ignored=tuple(told.ignored))
    return _bounded(_compatible(search), limits.ceiling)


@dataclass(frozen=True, slots=True)
class _Told:
    """What has been read of a request so far."""

    clauses: list[Clause]
    applied: list[Pair]
    ignored: list[str]


def _compatible(search: Search) -> Search:
    """Raises Incorrect for parts of an answer that nobody could tell apart."""
    if search.summary is Summary.TEXT and search.includes:
        raise Incorrect("_summary=text includes nothing")
    part = subset(search.summary, search.elements)
    return search if part is None else replace(search, subset=part)


def _bounded(search: Search, ceiling: int) -> Search:
    """No more entries than the ceiling, and ``applied`` says so."""
    if search.count <= ceiling:
        return search
    applied = [(n, str(ceiling)) if n == "_count" else (n, v) for n, v in search.applied]
    return replace(search, count=ceiling, applied=tuple(applied))


def _take(
    search: Search, told: _Told, kind: ResourceType, pair: Pair, base: str, lenient: bool
) -> Search:
    name, value = pair
    try:
        if "\x00" in value:
            raise Incorrect("a character that no text may contain")
        taken = _RESULT[name](search, kind, value) if name in _RESULT else None
        if taken is None:
            told.clauses.append(search_clauses.clause(kind, name, value, base))
    except UnknownParameter as unknown:
        if not lenient:
            raise
        told.ignored.append(str(unknown))
        return search
    except Incorrect as wrong:
        raise Incorrect(f"{name}: {wrong}") from None
    if name not in _NOT_APPLIED:
        told.applied.append(pair)
    return search if taken is None else taken


def _sort(kind: ResourceType, value: str) -> tuple[SortKey, ...]:
    items = value.split(",")
    if len(items) > MAX_SORT_KEYS:
        raise Incorrect(f"sort by up to {MAX_SORT_KEYS} keys")
    for item in items:
        if item.removeprefix("-") not in kind.sort_keys:
            known = ", ".join(kind.sort_keys)
            raise Incorrect(f"sort by {known}; not by {item.removeprefix('-')[:40]!r}")
    keys = tuple(_key(kind, item.removeprefix("-"), item.startswith("-")) for item in items)
    if len({(key.column, key.param) for key in keys}) < len(keys):
        raise Incorrect("a sort key is given twice")
    return keys


def _key(kind: ResourceType, name: str, descending: bool) -> SortKey:
    if name == "_id":
        return SortKey(SortColumn.ID, descending)
    if name == "_lastUpdated":
        return SortKey(SortColumn.LAST_UPDATED, descending)
    param = kind.params[name]
    if param is kind.date:
        return SortKey(SortColumn.AT, descending)
    if param.is_of_patient:
        return SortKey(SortColumn.PATIENT, descending, name if param.values else "")
    return SortKey(_COLUMNS[param.kind], descending, name)


def _take_sort(search: Search, kind: ResourceType, value: str) -> Search:
    return replace(search, query=replace(search.query, sort=_sort(kind, value)))


def _take_count(search: Search, _: ResourceType, value: str) -> Search:
    if not (value.isascii() and value.isdigit() and len(value) <= 9):
        raise Incorrect("a whole number from 0 on, please")
    return replace(search, count=int(value), total_only=search.total_only or int(value) == 0)


def _take_total(search: Search, _: ResourceType, value: str) -> Search:
    if value not in ("none", "estimate", "accurate"):
        raise Incorrect("none, estimate or accurate, please")
    return replace(search, total=value != "none")


def _take_total_method(search: Search, _: ResourceType, value: str) -> Search:
    """Aidbox's parameter, which the client fhirpy sends for its ``count()``."""
    if value not in ("none", "estimate", "count"):
        raise Incorrect("none, estimate or count, please")
    return replace(search, total=value != "none")


def _take_summary(search: Search, _: ResourceType, value: str) -> Search:
    wanted = results.summary(value)
    counted = search.total_only or wanted is Summary.COUNT
    return replace(search, total_only=counted, summary=wanted)


def _take_elements(search: Search, kind: ResourceType, value: str) -> Search:
    return replace(search, elements=results.elements(kind, value))


def _including(*, iterate: bool = False, reverse: bool = False) -> Take:
    def take(search: Search, kind: ResourceType, value: str) -> Search:
        more = results.includes(kind, value, iterate=iterate, reverse=reverse)
        return replace(search, includes=tuple(dict.fromkeys((*search.includes, *more))))

    return take


def _take_format(search: Search, _: ResourceType, value: str) -> Search:
    if wanted(None, value) is None:
        raise Incorrect("json and xml are supported")
    return search


def _take_pretty(search: Search, _: ResourceType, value: str) -> Search:
    if value not in _BOOLEANS:
        raise Incorrect("true or false, please")
    return search


def _take_cursor(search: Search, _: ResourceType, value: str) -> Search:
    return replace(search, cursor=value)


CURSOR = "_cursor"
_INCLUDES: dict[str, Take] = {
    "_include": _including(),
    "_include:iterate": _including(iterate=True),
    "_revinclude": _including(reverse=True),
    "_revinclude:iterate": _including(iterate=True, reverse=True),
}
_RESULT: dict[str, Take] = {
    "_sort": _take_sort,
    "_count": _take_count,
    "_total": _take_total,
    "_totalMethod": _take_total_method,
    "_summary": _take_summary,
    "_elements": _take_elements,
    **_INCLUDES,
    "_format": _take_format,
    "_pretty": _take_pretty,
    CURSOR: _take_cursor,
}
_NOT_APPLIED = {CURSOR}
_REPEATED = _INCLUDES.keys()
