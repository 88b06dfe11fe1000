"""``_has``: resources that others refer to (https://hl7.org/fhir/R4/search.html#has)."""

from collections.abc import Callable

from store.criteria import Clause, HasClause, Link
from store.search_scope import Scope, both, either, patients

Condition = Callable[[Clause, Scope], str]


def has(clause: HasClause, outer: Scope, condition: Condition) -> str:
    """The condition that one that fulfils ``clause`` refers to the resource of ``outer``."""
    inner = Scope(outer.binds, clause.type, outer.level + 1, patients=patients(clause.clauses))
    r = inner.resource
    wanted = [
        f"{r}.type = {inner.kind}",
        f"NOT {r}.deleted",
        either(_refers(clause.link, inner, outer)),
        *(condition(c, inner) for c in clause.clauses),
    ]
    return f"EXISTS (SELECT FROM resource {r} WHERE {both(wanted)})"


def _refers(link: Link, inner: Scope, outer: Scope) -> list[str]:
    ways = []
    name = f"({outer.binds.text(f'{outer.type}/')} || {outer.rows}.id)"
    if link.patient and outer.type == "Patient":
        ways.append(f"{inner.resource}.patient_id = {outer.rows}.id")
    elif link.params:
        ways.append(inner.exists("resource_token", link.params, f"t.code = {name}"))
    if link.filters:
        keys = ", ".join(hashed(inner.binds.text(param), name) for param in link.filters)
        ways.append(f"{inner.resource}.filters && ARRAY[{keys}]")
    return ways


def hashed(param: str, code: str) -> str:
    """``store.index.key(param, code)`` in SQL, of two expressions."""
    digest = (
        f"sha256(convert_to({param}, 'UTF8') || '\\x00'::bytea"
        f" || convert_to('=' || {code}, 'UTF8') || '\\x00'::bytea)"
    )
    return f"('x' || encode(substr({digest}, 1, 8), 'hex'))::bit(64)::bigint"
