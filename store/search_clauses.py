"""Single clauses of a search as SQL conditions (https://hl7.org/fhir/R4/search.html).

Conditions are text with numbered placeholders: every value is bound, and the only names in the
text are aliases of our own. Building an expression tree instead took ten times as long.
"""

from store.criteria import (
    AmountClause,
    AnyOfClause,
    ChainClause,
    Clause,
    DateClause,
    HasClause,
    IdClause,
    Match,
    NotClause,
    PatientClause,
    PresentClause,
    TextClause,
    TokenClause,
    TokenValue,
    WordingClause,
)
from store.index import key, short
from store.search_links import has
from store.search_ranges import amount, dated, updated
from store.search_scope import Scope, both, either

_LAST_CHARACTER = "\U0010ffff"


def condition(clause: Clause, scope: Scope) -> str:
    """What a row of ``scope`` must fulfil. Chains must have been resolved (store.search_chains)."""
    match clause:
        case IdClause(ids):
            return scope.one_of(f"{scope.rows}.id", ids)
        case PatientClause(ids):
            return scope.one_of(f"{scope.rows}.patient_id", ids)
        case DateClause(tests, last_updated=True):
            return either(updated(test, scope) for test in tests)
        case DateClause(tests, param=param):
            driven = driven_by(scope.driver, "l", scope) if scope.driver else None
            return either(dated(test, param, driven, scope) for test in tests)
        case NotClause(wrong):
            return f"NOT {condition(wrong, scope)}"
        case AnyOfClause(alternatives):
            return either(both(condition(c, scope) for c in way) for way in alternatives)
        case HasClause():
            return has(clause, scope, condition)
        case ChainClause():
            return "false"
        case _:
            return _of_values(clause, scope)


def _of_values(
    clause: TokenClause | TextClause | WordingClause | AmountClause | PresentClause, scope: Scope
) -> str:
    match clause:
        case TokenClause():
            return either(_tokens(clause, scope))
        case TextClause(param):
            return scope.exists("resource_token", (param,), either(_texts(clause, scope)))
        case WordingClause(params, texts):
            return _worded(params, texts, scope)
        case AmountClause(params, tests):
            wanted = either(amount(test, scope) for test in tests)
            if scope.patients:  # so that an index may lead by patient and value
                wanted = both((scope.one_of("t.patient_id", scope.patients), wanted))
            return scope.exists("resource_quantity", params, wanted)
        case PresentClause():
            return either(_present(clause, scope))


def _tokens(clause: TokenClause, scope: Scope) -> list[str]:
    found = []
    if clause.params:
        rows = either(_token(value, "t", scope) for value in clause.values)
        found.append(scope.exists("resource_token", clause.params, rows))
    if clause.filters:
        keys = [key(name, v.code, v.system) for name in clause.filters for v in clause.values]
        found.append(_overlap(keys, scope))
    return found


def is_single(clause: Clause) -> bool:
    """Whether a clause asks for one code of one parameter: one range of the index."""
    if not isinstance(clause, TokenClause):
        return False
    single = len(clause.params) == len(clause.values) == 1 and not clause.filters
    return single and clause.values[0].code is not None


def driven_by(clause: TokenClause, rows: str, scope: Scope) -> str:
    """The conditions on index rows of a clause that ``is_single``."""
    param = f"{rows}.param = {scope.binds.text(clause.params[0])}"
    return both((param, _token(clause.values[0], rows, scope)))


def _token(value: TokenValue, rows: str, scope: Scope) -> str:
    wanted = []
    if value.code is not None:
        wanted.append(f"{rows}.code = {scope.binds.text(short(value.code))}")
    if value.system is not None:
        wanted.append(f"{scope.binds.text(value.system)} = ANY ({rows}.systems)")
    return both(wanted)


def _overlap(keys: list[int], scope: Scope) -> str:
    return f"{scope.resource}.filters && {scope.binds.keys(keys)}"


def _texts(clause: TextClause, scope: Scope) -> list[str]:
    match clause.match:
        case Match.BEGINS:
            return [
                f"(t.code >= {scope.binds.text(text)}"
                f" AND t.code < {scope.binds.text(text + _LAST_CHARACTER)})"
                for text in clause.texts
            ]
        case Match.CONTAINS:
            return [f"t.code LIKE {_like('%', text, scope)}" for text in clause.texts]
        case Match.EXACT:
            pairs = zip(clause.texts, clause.spellings, strict=True)
            return [_token(TokenValue(text, exact), "t", scope) for text, exact in pairs]


def _like(before: str, text: str, scope: Scope) -> str:
    for character in "\\%_":
        text = text.replace(character, "\\" + character)
    return scope.binds.text(f"{before}{text}%")


def _worded(params: tuple[str, ...], texts: tuple[str, ...], scope: Scope) -> str:
    begins = either(
        f"w.text LIKE {_like(before, text, scope)}" for text in texts for before in ("", "% ")
    )
    keys = (
        f"SELECT w.key FROM resource_wording w WHERE w.type = {scope.kind}"  # noqa: S608 (ours)
        f" AND {scope.one_of('w.param', params)} AND {begins}"
    )
    return f"{scope.resource}.filters && ARRAY ({keys})"


def _present(clause: PresentClause, scope: Scope) -> list[str]:
    rows = [
        scope.exists(table, params)
        for table, params in (
            ("resource_token", clause.params),
            ("resource_range", clause.spans),
            ("resource_quantity", clause.amounts),
        )
        if params
    ]
    columns = [
        *([f"{scope.rows}.patient_id IS NOT NULL"] if clause.patient else []),
        *([f"{scope.rows}.until IS NOT NULL"] if clause.time else []),
    ]
    keys = [key(name) for name in clause.filters]
    return [*columns, *([_overlap(keys, scope)] if keys else []), *rows]
