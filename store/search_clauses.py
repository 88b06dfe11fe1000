"""Single clauses of a search as SQL conditions (https://hl7.org/fhir/R4/search.html)."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    FromClause,
    and_,
    any_,
    cast,
    false,
    func,
    literal,
    literal_column,
    not_,
    or_,
    select,
)
from sqlalchemy.dialects.postgresql import ARRAY

from store.criteria import (
    AnyOfClause,
    Clause,
    DateClause,
    DateTest,
    IdClause,
    PatientClause,
    Prefix,
    Query,
    TextClause,
    TokenClause,
    TokenValue,
)
from store.index import key
from store.tables import resource as r
from store.tables import resource_token

Condition = ColumnElement[bool]

LONG = timedelta(hours=1)
"""Times longer than this are few, and indexed apart."""
_INSTANT = timedelta(milliseconds=1)
_NONE = timedelta()
_LAST_CHARACTER = "\U0010ffff"


@dataclass(frozen=True, slots=True)
class Source:
    """Where rows come from: the resources, or the index rows of one token ``clause``."""

    rows: FromClause
    clause: TokenClause | None


def is_single(clause: TokenClause) -> bool:
    """Whether a clause asks for one code of one parameter: one range of the index."""
    single = len(clause.params) == len(clause.values) == 1 and not clause.filters
    return single and clause.values[0].code is not None


def driven(clause: TokenClause, rows: FromClause) -> list[Condition]:
    """The conditions on index rows of a clause that ``is_single``."""
    return [rows.c.param == clause.params[0], _token(clause.values[0], rows)]


def condition(clause: Clause, query: Query, source: Source) -> Condition:
    """What a row of ``source``, joined to its resource, must fulfil."""
    match clause:
        case IdClause(ids):
            return source.rows.c.id.in_(ids)
        case PatientClause(ids):
            return _one_of(source.rows.c.patient_id, ids)
        case DateClause(tests, last_updated=True):
            return or_(*[_updated(test) for test in tests])
        case DateClause(tests):
            return or_(*[_dated(test, query, source) for test in tests])
        case TokenClause(params, values, filters):
            rows = [_token(value, resource_token) for value in values]
            found = [_exists(params, rows)] if params else []
            return or_(*found, *([_filtered(clause)] if filters else []))
        case TextClause(param, beginnings):
            return _exists((param,), [_starts(text) for text in beginnings])
        case AnyOfClause(alternatives):
            ways = [[condition(c, query, source) for c in clauses] for clauses in alternatives]
            return or_(false(), *[and_(*way) for way in ways])


def _one_of(column: ColumnElement[Any], values: tuple[str, ...]) -> Condition:
    return column == values[0] if len(values) == 1 else column.in_(values)


def _exists(params: tuple[str, ...], any_of: list[Condition]) -> Condition:
    t = resource_token
    own = and_(t.c.type == r.c.type, t.c.id == r.c.id, _one_of(t.c.param, params))
    return select(1).where(own, or_(false(), *any_of)).exists()


def _filtered(clause: TokenClause) -> Condition:
    keys = [key(name, v.code, v.system) for name in clause.filters for v in clause.values]
    overlap: Condition = r.c.filters.overlap(cast(keys, ARRAY(BigInteger)))
    return overlap


def _token(value: TokenValue, rows: FromClause) -> Condition:
    wanted: list[Condition] = []
    if value.code is not None:
        wanted.append(rows.c.code == value.code)
    if value.system is not None:
        wanted.append(literal(value.system) == any_(rows.c.systems))
    return and_(*wanted)


def _starts(text: str) -> Condition:
    code = resource_token.c.code
    return and_(code >= text, code < text + _LAST_CHARACTER)


def _updated(test: DateTest) -> Condition:
    return _compare(test, r.c.last_updated, r.c.last_updated, _INSTANT)


def _dated(test: DateTest, query: Query, source: Source) -> Condition:
    rows = source.rows
    compared = _compare(test, rows.c.at, rows.c.until)
    if source.clause is not None and test.prefix in (Prefix.GT, Prefix.GE):
        # It follows from the comparison, and lets the index range begin near the wanted time.
        return and_(compared, rows.c.at >= _earliest(test, query, source.clause))
    return and_(compared, rows.c.until.is_not(None))


def _earliest(test: DateTest, query: Query, clause: TokenClause) -> ColumnElement[Any]:
    """Before this nothing can reach ``test``: what is long has been looked up."""
    edge = test.high if test.prefix is Prefix.GT else test.low
    long = resource_token.alias("long")
    patients = [c for c in query.clauses if isinstance(c, PatientClause)]
    first = select(func.min(long.c.at)).where(
        long.c.type == query.type,
        *driven(clause, long),
        *[_one_of(long.c.patient_id, patient.ids) for patient in patients],
        long.c.until - long.c.at > literal_column("interval '1 hour'"),  # as in the index
        long.c.until > edge,
    )
    return func.least(edge - LONG, first.scalar_subquery())


def _compare(
    test: DateTest,
    at: ColumnElement[Any],
    until: ColumnElement[Any],
    width: timedelta = timedelta(),
) -> Condition:
    """The comparison of the range from ``at`` to ``until`` + ``width`` with the test's."""
    low, high = test.low, test.high
    within = and_(at >= low, at < high, until <= high - width)
    match test.prefix:
        case Prefix.EQ:
            return within
        case Prefix.NE:
            return not_(within)
        case Prefix.GT:
            return until > high - width
        case Prefix.LT:
            return at < low
        case Prefix.GE:
            return or_(until > high - width, within)
        case Prefix.LE:
            return or_(at < low, within)
        case Prefix.SA:
            return at >= high
        case Prefix.EB:
            return until <= low - width
        case Prefix.AP:
            return and_(at < high, until > low - width)
