"""Single search parameters as sent to clauses (https://hl7.org/fhir/R4/search.html#ptypes)."""

from collections.abc import Callable

from core.errors import Incorrect
from fhir.search import chains, literals, value_sets
from fhir.search.literals import split, unescape
from fhir.search.params import Kind, ResourceType, SearchParam, UnknownParameter
from store.criteria import (
    AmountClause,
    AnyOfClause,
    Clause,
    DateClause,
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

__all__ = ["UnknownParameter", "clause", "split", "unescape"]

MAX_VALUES = 200
_MODIFIED = "a modifier that is supported here, please: {}"


def clause(kind: ResourceType, name: str, value: str, base: str, depth: int = 0) -> Clause:
    """What ``name=value`` asks of a resource of ``kind``.

    Raises UnknownParameter for the name, Incorrect for its modifier or the value. ``depth``
    counts the chains that it stands in.
    """
    if chains.is_chain(name):
        return chains.chain(kind, name, value, base, depth, clause)
    plain, _, modifier = name.partition(":")
    alternatives = split(value, ",")
    if len(alternatives) > MAX_VALUES or not all(alternatives):
        raise Incorrect(f"1 to {MAX_VALUES} values, none of them empty, please")
    if plain in _COMMON:
        return _common(plain, modifier, alternatives)
    param = kind.params.get(plain)
    if param is None:
        raise UnknownParameter(f"{kind.name} has no search parameter {plain[:80]!r}")
    if modifier in ("", *param.targets):
        return _plain(kind, param, modifier, alternatives, base)
    if modifier not in param.modifiers:
        known = ", ".join(f":{m}" for m in (*param.modifiers, *param.targets))
        raise Incorrect(  # whoever is lenient too: without it, the search means something else
            f"{plain} of {kind.name} has no modifier {modifier[:40]!r}, only {known}"
        )
    return _MODIFIERS[modifier](kind, param, alternatives, base)


_COMMON = ("_id", "_lastUpdated")


def _common(name: str, modifier: str, alternatives: list[str]) -> Clause:
    if modifier == "missing":  # every resource has both
        is_missing = [literals.truth(text) for text in alternatives]
        return IdClause(()) if all(is_missing) else NotClause(IdClause(()))
    if modifier:
        raise Incorrect(f"{name} has no modifier {modifier[:40]!r}, only :missing")
    if name == "_id":
        return IdClause(tuple(literals.id_(text) for text in alternatives))
    return DateClause(tuple(literals.date(text) for text in alternatives), last_updated=True)


def _plain(
    kind: ResourceType, param: SearchParam, target: str, alternatives: list[str], base: str
) -> Clause:
    match param.kind:
        case Kind.DATE:
            own = None if param is kind.date else param.name
            return DateClause(tuple(literals.date(text) for text in alternatives), param=own)
        case Kind.STRING:
            return TextClause(param.name, tuple(literals.folded(text) for text in alternatives))
        case Kind.TOKEN:
            return _tokens(kind, param, tuple(literals.token(text) for text in alternatives))
        case Kind.URI:
            return _tokens(kind, param, tuple(TokenValue(unescape(text)) for text in alternatives))
        case Kind.QUANTITY:
            return AmountClause(param.sources, tuple(literals.amount(t) for t in alternatives))
        case Kind.REFERENCE:
            fallback = target or param.targets[0]
            found = [literals.reference(fallback, text, base) for text in alternatives]
            return _references(kind, param, found)


def _tokens(kind: ResourceType, param: SearchParam, values: tuple[TokenValue, ...]) -> TokenClause:
    leading, filters = kind.stored(param)
    return TokenClause(leading, values, filters)


def _references(kind: ResourceType, param: SearchParam, found: list[tuple[str, str]]) -> Clause:
    column = param.is_of_patient
    patients = tuple(name for target, name in found if column and target == "Patient")
    others = tuple(
        TokenValue("/".join(pair)) for pair in found if not (column and pair[0] == "Patient")
    )
    if not others:
        return PatientClause(patients)
    tokens = _tokens(kind, param, others)
    return AnyOfClause(((PatientClause(patients),), (tokens,))) if patients else tokens


Modified = Callable[[ResourceType, SearchParam, list[str], str], Clause]


def _not(kind: ResourceType, param: SearchParam, alternatives: list[str], base: str) -> Clause:
    return NotClause(_plain(kind, param, "", alternatives, base))


def _missing(kind: ResourceType, param: SearchParam, alternatives: list[str], _: str) -> Clause:
    wanted = {literals.truth(text) for text in alternatives}
    if len(wanted) > 1:
        return NotClause(IdClause(()))
    present = _present(kind, param)
    return NotClause(present) if wanted == {True} else present


def _present(kind: ResourceType, param: SearchParam) -> PresentClause:
    if param.kind is Kind.QUANTITY:
        return PresentClause(amounts=param.sources)
    if param.kind is Kind.DATE:
        own = param is kind.date
        return PresentClause(spans=() if own else (param.name,), time=own)
    leading, filters = kind.stored(param)
    if param.kind is Kind.REFERENCE:
        leading += tuple(f"{name}:identifier" for name in leading)
        filters += tuple(f"{name}:identifier" for name in filters)
    worded = tuple(kind.wording(name) for name in param.sources if kind.is_worded(name))
    return PresentClause(
        leading, (*filters, *(f"{name}:text" for name in worded)), patient=param.is_of_patient
    )


def _text(kind: ResourceType, param: SearchParam, alternatives: list[str], _: str) -> Clause:
    names = tuple(kind.wording(name) for name in param.sources)
    return WordingClause(names, tuple(literals.folded(text) for text in alternatives))


def _in(kind: ResourceType, param: SearchParam, alternatives: list[str], _: str) -> Clause:
    found = [pair for url in alternatives for pair in value_sets.members(unescape(url))]
    return _tokens(kind, param, tuple(TokenValue(code, system) for system, code in found))


def _identifier(kind: ResourceType, param: SearchParam, alternatives: list[str], _: str) -> Clause:
    leading, filters = kind.stored(param)
    values = tuple(literals.token(text) for text in alternatives)
    return TokenClause(
        tuple(f"{name}:identifier" for name in leading),
        values,
        tuple(f"{name}:identifier" for name in filters),
    )


def _exact(_: ResourceType, param: SearchParam, alternatives: list[str], __: str) -> Clause:
    texts = tuple(literals.folded(text) for text in alternatives)
    return TextClause(param.name, texts, Match.EXACT, tuple(unescape(t) for t in alternatives))


def _contains(_: ResourceType, param: SearchParam, alternatives: list[str], __: str) -> Clause:
    texts = tuple(literals.folded(text) for text in alternatives)
    return TextClause(param.name, texts, Match.CONTAINS)


_MODIFIERS: dict[str, Modified] = {
    "not": _not,
    "missing": _missing,
    "text": _text,
    "in": _in,
    "identifier": _identifier,
    "exact": _exact,
    "contains": _contains,
}
