"""Clauses of a search against one version in hand: the answer that its index would give.

A Subscription's criteria are asked of every version, also of those that have been superseded
before anybody looked: the tables of the index know current versions alone. What asks of other
resources (chains, ``_has``) cannot be told from one. Source: https://hl7.org/fhir/R4/search.html
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from core.errors import Fault
from store.criteria import (
    AmountClause,
    AmountTest,
    AnyOfClause,
    ChainClause,
    Clause,
    DateClause,
    DateTest,
    HasClause,
    IdClause,
    Match,
    NotClause,
    PatientClause,
    Prefix,
    PresentClause,
    TextClause,
    TokenClause,
    TokenValue,
    WordingClause,
)
from store.index import Amount, Index, Token, short

_INSTANT = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True)
class Held:
    """A version: its id, when it was written, and what it is found by."""

    id: str
    last_updated: datetime
    index: Index


def is_tellable(clause: Clause) -> bool:
    """Whether a clause can be told from one version alone."""
    match clause:
        case ChainClause() | HasClause():
            return False
        case NotClause(wrong):
            return is_tellable(wrong)
        case AnyOfClause(alternatives):
            return all(is_tellable(each) for way in alternatives for each in way)
        case _:
            return True


def holds(clause: Clause, held: Held) -> bool:
    """Whether a version fulfils a clause that ``is_tellable``."""
    match clause:
        case IdClause(ids):
            return held.id in ids
        case PatientClause(ids):
            return held.index.patient_id in ids
        case NotClause(wrong):
            return not holds(wrong, held)
        case AnyOfClause(alternatives):
            return any(all(holds(each, held) for each in way) for way in alternatives)
        case DateClause():
            return _dated(clause, held)
        case ChainClause() | HasClause():
            raise Fault("a chain cannot be told from one version")
        case _:
            return _of_values(clause, held.index)


def _of_values(
    clause: TokenClause | TextClause | WordingClause | AmountClause | PresentClause, index: Index
) -> bool:
    match clause:
        case TokenClause(params, values, filters):
            found = _tokens(index, (*params, *filters))
            return any(_is(value, token) for token in found for value in values)
        case TextClause():
            return any(_compares(clause, token) for token in _tokens(index, (clause.param,)))
        case WordingClause(params, texts):
            worded = (each.text for each in index.wordings if each.param in params)
            return any(_is_worded(each, text) for each in worded for text in texts)
        case AmountClause(params, tests):
            amounts = [amount for name, amount in index.amounts if name in params]
            return any(_measures(test, amount) for amount in amounts for test in tests)
        case PresentClause():
            return _present(clause, index)


def _tokens(index: Index, params: Iterable[str]) -> list[Token]:
    wanted = set(params)
    return [token for token in index.tokens if token.param in wanted]


def _is(value: TokenValue, token: Token) -> bool:
    of_code = value.code is None or short(value.code) == short(token.code)
    return of_code and value.system in (None, token.system)


def _is_worded(own: str, text: str) -> bool:
    return own.startswith(text) or f" {text}" in own


def _compares(clause: TextClause, token: Token) -> bool:
    own = short(token.code)
    match clause.match:
        case Match.BEGINS:
            return any(own.startswith(text) for text in clause.texts)
        case Match.CONTAINS:
            return any(text in own for text in clause.texts)
        case Match.EXACT:
            pairs = zip(clause.texts, clause.spellings, strict=True)
            return any(_is(TokenValue(text, exact), token) for text, exact in pairs)


def _present(clause: PresentClause, index: Index) -> bool:
    named = {token.param for token in index.tokens} | {f"{w.param}:text" for w in index.wordings}
    return (
        (clause.patient and index.patient_id is not None)
        or (clause.time and index.until is not None)
        or not named.isdisjoint((*clause.params, *clause.filters))
        or any(span.param in clause.spans for span in index.spans)
        or any(name in clause.amounts for name, _ in index.amounts)
    )


def _dated(clause: DateClause, held: Held) -> bool:
    index = held.index
    if clause.last_updated:
        ranges = [(held.last_updated, held.last_updated + _INSTANT)]
    elif clause.param is not None:
        ranges = [(span.low, span.high) for span in index.spans if span.param == clause.param]
    else:
        ranges = [] if index.until is None else [(index.at, index.until)]
    return any(_falls(test, low, high) for low, high in ranges for test in clause.tests)


def _falls(test: DateTest, at: datetime, until: datetime) -> bool:
    """The comparison of the range from ``at`` to ``until`` with the test's, ends excluded."""
    within = test.low <= at < test.high and until <= test.high
    match test.prefix:
        case Prefix.EQ:
            return within
        case Prefix.NE:
            return not within
        case Prefix.GT:
            return until > test.high
        case Prefix.LT:
            return at < test.low
        case Prefix.GE:
            return until > test.high or within
        case Prefix.LE:
            return at < test.low or within
        case Prefix.SA:
            return at >= test.high
        case Prefix.EB:
            return until <= test.low
        case Prefix.AP:
            return at < test.high and until > test.low


_COMPARED: dict[Prefix, Callable[[AmountTest, Amount], bool]] = {
    Prefix.GT: lambda test, own: own.high > test.value,
    Prefix.LT: lambda test, own: own.low < test.value,
    Prefix.GE: lambda test, own: own.high >= test.value,
    Prefix.LE: lambda test, own: own.low <= test.value,
    Prefix.SA: lambda test, own: own.low > test.value,
    Prefix.EB: lambda test, own: own.high < test.value,
    Prefix.AP: lambda test, own: own.low <= test.high and own.high >= test.low,
    Prefix.EQ: lambda test, own: test.low <= own.low < test.high and own.high < test.high,
    Prefix.NE: lambda test, own: not (test.low <= own.low < test.high and own.high < test.high),
}


def _measures(test: AmountTest, own: Amount) -> bool:
    if test.system is not None and test.system != own.system:
        return False
    units = {own.code} if test.system is not None else {own.code, own.unit}
    if test.code is not None and test.code not in units:
        return False
    return _COMPARED[test.prefix](test, own)
