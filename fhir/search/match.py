"""Token clauses against a resource in hand: the same answer that the index gives.

What leaves the server is checked once more where SQL could not look (a read, an old version).
"""

from fhir.search.params import ResourceType
from fhir.values import Json
from store.criteria import TokenClause, TokenValue


def matches(kind: ResourceType, body: Json, clause: TokenClause) -> bool:
    """Whether ``body`` has one of the clause's values under one of its parameters."""
    return any(
        _is(value, system, code)
        for name in (*clause.params, *clause.filters)
        for system, code in _values(kind, name, body)
        for value in clause.values
    )


def _values(kind: ResourceType, name: str, body: Json) -> list[tuple[str, str]]:
    param = kind.params[name]
    return list(param.values(body)) if param.values else []


def _is(wanted: TokenValue, system: str, code: str) -> bool:
    return wanted.code in (None, code) and wanted.system in (None, system)


def implies(narrow: TokenClause, wide: TokenClause) -> bool:
    """Whether all that ``narrow`` matches ``wide`` matches too, by their values alone."""
    if not {*narrow.params, *narrow.filters} <= {*wide.params, *wide.filters}:
        return False
    return all(any(_is_within(n, w) for w in wide.values) for n in narrow.values)


def _is_within(narrow: TokenValue, wide: TokenValue) -> bool:
    return wide.code in (None, narrow.code) and wide.system in (None, narrow.system)
