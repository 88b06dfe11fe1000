"""Which versions a Subscription is about: its topic with filters, or criteria in R4's style.

Filters are of one type (``Observation?code=…``) or of each type of the topic (``patient=…``).
Those of the same type must all hold; once a filter names a type, types that none names are left
out (https://hl7.org/fhir/us/core/patient-data-feed.html). ``Encounter.patient=…``, as an example
of the backport has it, is read as ``Encounter?patient=…``.
"""

import re
from collections.abc import Mapping, Sequence
from urllib.parse import parse_qsl

from core.errors import Incorrect
from fhir.search.clauses import clause
from fhir.search.held import is_tellable
from fhir.search.params import Interaction, ResourceType
from fhir.search.registry import TYPES
from fhir.subscriptions.codes import FEED_EVENT
from fhir.subscriptions.topics import TOPICS, TRIGGER, Topic
from fhir.validation.issue import Issue, error
from store.criteria import Clause

Selected = tuple[Clause, ...]
"""Clauses that all hold."""

_CRITERIA = "Subscription.criteria"
_FILTER = "Subscription.criteria.extension"
_MAX_FILTERS = 32
_MAX_CHARS = 4000
_URL = re.compile(r"[a-z][a-z0-9+.\-]*:", re.IGNORECASE)
_TYPED = re.compile(r"(?P<type>[A-Z][A-Za-z]+)(?:\?|\.(?=[a-z\-]+=))(?P<rest>.*)", re.DOTALL)
_NOT_OBSERVED = frozenset({"Subscription"})
_EVENTS = (FEED_EVENT["code"], f"{FEED_EVENT['system']}|{FEED_EVENT['code']}")


def topic(criteria: str, issues: list[Issue]) -> Topic | None:
    """The topic, where criteria are a URL; None for criteria in R4's style."""
    if not _URL.match(criteria):
        return None
    found = TOPICS.get(criteria)
    if found is None:
        known = ", ".join(TOPICS)
        told = f"there is no topic {criteria[:200]}; accepted: {known}, or Type?search"
        issues.append(error("not-supported", told, _CRITERIA))
    return found


def select(
    criteria: str, about: Topic | None, filters: Sequence[str], issues: list[Issue]
) -> Mapping[str, Selected]:
    """For each type whose versions count, the clauses that all hold."""
    if _URL.match(criteria):
        return {} if about is None else _filtered(about, filters, issues)
    if filters:
        told = "filters go with a topic; write them into the search, or name a topic"
        issues.append(error("not-supported", told, _FILTER))
    return _searched(criteria, issues)


def _searched(criteria: str, issues: list[Issue]) -> Mapping[str, Selected]:
    """R4's criteria: a search of one type."""
    type_, _, query = criteria.partition("?")
    kind = TYPES.get(type_)
    if kind is None or not _is_observed(kind):
        known = ", ".join(name for name, each in TYPES.items() if _is_observed(each))
        told = f"criteria are a topic's URL or Type?search; accepted types: {known}"
        issues.append(error("not-supported", told, _CRITERIA))
        return {}
    try:
        return {type_: _clauses(kind, _pairs(query))}
    except Incorrect as wrong:
        issues.append(error("not-supported", f"{type_}: {wrong}", _CRITERIA))
        return {}


def _is_observed(kind: ResourceType) -> bool:
    return Interaction.SEARCH_TYPE in kind.interactions and kind.name not in _NOT_OBSERVED


def _filtered(about: Topic, filters: Sequence[str], issues: list[Issue]) -> Mapping[str, Selected]:
    if len(filters) > _MAX_FILTERS:
        issues.append(error("too-costly", f"at most {_MAX_FILTERS} filters", _FILTER))
        return {}
    found: dict[str, list[Clause]] = {name: [] for name in about.filters}
    named: set[str] = set()
    for text in filters:
        try:
            type_, query = _typed(text)
            for name in [type_] if type_ else list(about.filters):
                found.setdefault(name, []).extend(_filter(about, name, query))
            named |= {type_} if type_ else set()
        except Incorrect as wrong:
            issues.append(error("not-supported", f"{text[:200]}: {wrong}", _FILTER))
    return {
        name: tuple(dict.fromkeys(clauses))
        for name, clauses in found.items()
        if not named or name in named
    }


def _typed(text: str) -> tuple[str, str]:
    """The type that a filter names, "" for none, and its query."""
    match = _TYPED.fullmatch(text)
    return (match["type"], match["rest"]) if match else ("", text)


def _filter(about: Topic, type_: str, query: str) -> Selected:
    accepted = about.filters.get(type_)
    if accepted is None:
        raise Incorrect(f"{type_} is not of this topic; accepted types: {', '.join(about.filters)}")
    pairs = _pairs(query)
    for name, value in pairs:
        if name.partition(":")[0] not in accepted:
            raise Incorrect(f"no filter {name[:80]!r} of {type_}; accepted: {', '.join(accepted)}")
        if name == TRIGGER and not set(value.split(",")) & set(_EVENTS):
            raise Incorrect(f"no trigger {value[:80]!r}; accepted: {' or '.join(_EVENTS)}")
    return _clauses(TYPES[type_], [pair for pair in pairs if pair[0] != TRIGGER])


def _pairs(query: str) -> list[tuple[str, str]]:
    if not query:
        return []
    try:
        if len(query) > _MAX_CHARS or "\x00" in query:
            raise ValueError
        return parse_qsl(query, keep_blank_values=True, strict_parsing=True, max_num_fields=64)
    except ValueError:
        raise Incorrect("name=value pairs, with & between them, please") from None


def _clauses(kind: ResourceType, pairs: Sequence[tuple[str, str]]) -> Selected:
    found = tuple(_clause(kind, name, value) for name, value in pairs)
    return tuple(dict.fromkeys(found))


def _clause(kind: ResourceType, name: str, value: str) -> Clause:
    # No base: what an address of ours is depends on who asks, and this is read again later.
    try:
        found = clause(kind, name, value, "")
    except Incorrect as wrong:
        raise Incorrect(f"{name[:80]}: {wrong}") from None
    if not is_tellable(found):
        raise Incorrect(f"{name[:80]}: no chains and no _has; each version is judged by itself")
    return found
