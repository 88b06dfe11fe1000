"""A search of AuditEvents: parameters as sent to what is asked of entries.

Strict: what is not declared, or cannot be understood, is refused
(https://hl7.org/fhir/R4/search.html).
"""

from collections.abc import Callable, Iterable
from dataclasses import replace

from core.errors import Incorrect
from fhir.audit import codes
from fhir.audit.interaction import action
from fhir.media import wanted
from fhir.search.clauses import split, unescape
from fhir.search.request import CURSOR, Limits, Pair
from fhir.search.values import date_range
from store.audit_search import AuditQuery, Condition, Field, Span
from store.criteria import Prefix

MAX_VALUES = 50
_CODES = (
    "read", "vread", "history-instance", "history-type", "history-system", "search-type",
    "search-system", "create", "update", "patch", "delete", "batch", "operation", "token",
    "introspect", "revoke", "enrol", "enrolment-key", "other",
)  # fmt: skip
_SPAN_PREFIXES = {"eq", "ne", "gt", "lt", "ge", "le", "sa", "eb"}


def parse(pairs: Iterable[Pair], limits: Limits) -> AuditQuery:
    """What ``pairs`` ask for. Raises Incorrect for the first that cannot be carried out."""
    query = AuditQuery(count=limits.default)
    seen: set[str] = set()
    for name, value in pairs:
        if name in _ONCE and name in seen:
            raise Incorrect(f"{name} is given twice")
        seen.add(name)
        query = _taken(query, name, value)
    return replace(query, count=min(query.count, limits.ceiling))


def is_known(name: str) -> bool:
    """Whether there is such a parameter."""
    return name in _RESULT or name in _CONDITIONS


def _taken(query: AuditQuery, name: str, value: str) -> AuditQuery:
    if "\x00" in value:
        raise Incorrect(f"{name}: a character that no text may contain")
    if name in _RESULT:
        return _RESULT[name](query, value)
    make = _CONDITIONS.get(name)
    if make is None:
        raise Incorrect(f"AuditEvent has no search parameter {name[:80]!r}")
    values = split(value, ",")
    if len(values) > MAX_VALUES or not all(values):
        raise Incorrect(f"{name}: 1 to {MAX_VALUES} values, none of them empty, please")
    try:
        return replace(query, conditions=(*query.conditions, make(values)))
    except Incorrect as wrong:
        raise Incorrect(f"{name}: {wrong}") from None


def _texts(field: Field, prefix: str = "") -> Callable[[list[str]], Condition]:
    return lambda values: Condition(
        field, tuple(unescape(value).removeprefix(prefix) for value in values)
    )


def _ids(values: list[str]) -> Condition:
    found = tuple(int(v) if v.isascii() and v.isdigit() and len(v) < 19 else 0 for v in values)
    return Condition(Field.SEQ, found)


def _token(value: str, *systems: str) -> str | None:
    """The code in a token; None where its system is another than one of ``systems``."""
    system, bar, code = unescape(value).rpartition("|")
    return code if not bar or system in systems else None


def _agents(values: list[str]) -> Condition:
    found = tuple(_token(value, codes.CLIENT_SID) for value in values)
    return Condition(Field.CLIENT, tuple(code for code in found if code))


def _interactions(chosen: Callable[[str], set[str]]) -> Callable[[list[str]], Condition]:
    """A condition on the interaction: what ``chosen`` gives for any of the values."""

    def made(values: list[str]) -> Condition:
        return Condition(Field.INTERACTION, tuple(sorted(set().union(*map(chosen, values)))))

    return made


def _by_type(value: str) -> set[str]:
    if _token(value, codes.AUTHENTICATION.system) == codes.AUTHENTICATION.code:
        return {"token"}
    rest = _token(value, codes.REST.system) == codes.REST.code
    return set(_CODES) - {"token"} if rest else set()


def _by_subtype(value: str) -> set[str]:
    if _token(value, codes.GET_TOKEN.system) == codes.GET_TOKEN.code:
        return {"token"}
    code = _token(value, codes.INTERACTIONS, codes.LOCAL)
    return {code} if code in _CODES else set()


def _by_action(value: str) -> set[str]:
    wanted = _token(value, "http://hl7.org/fhir/audit-event-action")
    return {code for code in _CODES if action(code) == wanted}


def _outcomes(values: list[str]) -> Condition:
    found = (_token(value, "http://terminology.hl7.org/CodeSystem/audit-event-outcome")
             for value in values)  # fmt: skip
    return Condition(Field.OUTCOME, tuple(int(code) for code in found if code in _OUTCOMES))


def _entities(values: list[str]) -> Condition:
    """Pairs of type and id; the type is empty where it is not said."""
    found = [unescape(value).rpartition("/") for value in values]
    return Condition(Field.ENTITY, tuple((t.rpartition("/")[2], id_) for t, _, id_ in found))


def _dates(values: list[str]) -> Condition:
    return Condition(Field.AT, tuple(_span(value.replace(" ", "+")) for value in values))


def _span(value: str) -> Span:
    known = value[:2] in _SPAN_PREFIXES
    low, high = date_range(value[2:] if known else value)
    return Span(Prefix(value[:2]) if known else Prefix.EQ, low, high)


def _count(query: AuditQuery, value: str) -> AuditQuery:
    if not (value.isascii() and value.isdigit() and 0 < len(value) <= 9 and int(value)):
        raise Incorrect("_count: a whole number from 1 on, please")
    return replace(query, count=int(value))


def _sort(query: AuditQuery, value: str) -> AuditQuery:
    if value not in ("date", "-date", "_lastUpdated", "-_lastUpdated"):
        raise Incorrect("_sort: date or -date, please")
    return replace(query, descending=value.startswith("-"))


def _format(query: AuditQuery, value: str) -> AuditQuery:
    if wanted(None, value) is None:
        raise Incorrect("_format: json and xml are supported")
    return query


def _pretty(query: AuditQuery, value: str) -> AuditQuery:
    if value not in ("true", "false"):
        raise Incorrect("_pretty: true or false, please")
    return query


def _unchanged(query: AuditQuery, _: str) -> AuditQuery:
    return query


_OUTCOMES = {"0", "4", "8", "12"}
_RESULT = {
    "_count": _count, "_sort": _sort, "_format": _format, "_pretty": _pretty, CURSOR: _unchanged,
}  # fmt: skip
_ONCE = frozenset(_RESULT)
_CONDITIONS: dict[str, Callable[[list[str]], Condition]] = {
    "_id": _ids,
    "_lastUpdated": _dates,
    "date": _dates,
    "patient": _texts(Field.PATIENT, "Patient/"),
    "agent": _agents,
    "agent:identifier": _agents,
    "altid": _agents,
    "entity": _entities,
    "type": _interactions(_by_type),
    "subtype": _interactions(_by_subtype),
    "action": _interactions(_by_action),
    "outcome": _outcomes,
    "address": _texts(Field.ADDRESS),
    "policy": _texts(Field.TOKEN, codes.JTI),
}
