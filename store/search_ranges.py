"""Comparisons of times and quantities as SQL (https://hl7.org/fhir/R4/search.html#prefix)."""

from datetime import timedelta

from store.criteria import AmountTest, DateTest, Prefix
from store.search_scope import Scope, both, either

LONG = timedelta(hours=1)
"""Times longer than this are few, and indexed apart."""
_IS_LONG = "l.until - l.at > interval '1 hour'"  # as in the index
_INSTANT = timedelta(milliseconds=1)
_NONE = timedelta()
_REACHING = (Prefix.GT, Prefix.GE, Prefix.AP)


def updated(test: DateTest, scope: Scope) -> str:
    """The condition on when a resource was last updated."""
    stamp = f"{scope.resource}.last_updated"
    return _compare(test, stamp, stamp, scope, _INSTANT)


def dated(test: DateTest, param: str | None, driven: str | None, scope: Scope) -> str:
    """The condition on a resource's own time, or on those under ``param``.

    ``driven`` is the condition by which ``scope.driver`` finds its rows under the alias ``l``.
    """
    if param is not None:
        return scope.exists("resource_range", (param,), _compare(test, "t.low", "t.high", scope))
    compared = _compare(test, f"{scope.rows}.at", f"{scope.rows}.until", scope)
    told = [compared, f"{scope.rows}.until IS NOT NULL"]
    # What follows from the comparison lets an index range begin or end near the wanted time.
    if test.prefix in _REACHING:
        told.append(f"{scope.rows}.at >= {_earliest(test, driven, scope)}")
    if test.prefix is Prefix.EB:
        told.append(f"{scope.rows}.at < {scope.binds.moment(test.low)}")
    return both(told)


def _earliest(test: DateTest, driven: str | None, scope: Scope) -> str:
    """Before this nothing can reach ``test``: what is long has been looked up."""
    edge = test.high if test.prefix is Prefix.GT else test.low
    bound = scope.binds.moment(edge)
    wanted = [f"l.type = {scope.kind}", _IS_LONG, f"l.until > {bound}"]
    if driven is not None:
        wanted.append(driven)
    if scope.patients:
        wanted.append(scope.one_of("l.patient_id", scope.patients))
    table = "resource" if driven is None else "resource_token"
    # OFFSET 0: else the planner may take the first row in the order of ``at``, and walk all.
    long = f"SELECT l.at FROM {table} l WHERE {both(wanted)} OFFSET 0"  # noqa: S608 (ours)
    first = f"(SELECT min(long.at) FROM ({long}) AS long)"  # noqa: S608
    return f"least({bound} - interval '1 hour', {first})"


def _compare(test: DateTest, at: str, until: str, scope: Scope, width: timedelta = _NONE) -> str:
    """The comparison of the range from ``at`` to ``until`` + ``width`` with the test's."""
    moment = scope.binds.moment
    match test.prefix:
        case Prefix.EQ:
            return _within(test, at, until, scope, width)
        case Prefix.NE:
            return f"NOT {_within(test, at, until, scope, width)}"
        case Prefix.GT:
            return f"{until} > {moment(test.high - width)}"
        case Prefix.LT:
            return f"{at} < {moment(test.low)}"
        case Prefix.GE:
            within = _within(test, at, until, scope, width)
            return either((f"{until} > {moment(test.high - width)}", within))
        case Prefix.LE:
            within = _within(test, at, until, scope, width)
            return either((f"{at} < {moment(test.low)}", within))
        case Prefix.SA:
            return f"{at} >= {moment(test.high)}"
        case Prefix.EB:
            return f"{until} <= {moment(test.low - width)}"
        case Prefix.AP:
            return f"({at} < {moment(test.high)} AND {until} > {moment(test.low - width)})"


def _within(test: DateTest, at: str, until: str, scope: Scope, width: timedelta) -> str:
    low, high = scope.binds.moment(test.low), scope.binds.moment(test.high)
    return (
        f"({at} >= {low} AND {at} < {high} AND {until} <= {scope.binds.moment(test.high - width)})"
    )


def amount(test: AmountTest, scope: Scope) -> str:
    """The condition on a row ``t`` of quantities."""
    wanted = [_measured(test, scope)]
    if test.system is not None:
        wanted.append(f"t.system = {scope.binds.text(test.system)}")
    if test.code is not None:
        code = scope.binds.text(test.code)
        by_code = f"t.code = {code}"
        wanted.append(either((by_code, f"t.unit = {code}")) if test.system is None else by_code)
    return both(wanted)


def _measured(test: AmountTest, scope: Scope) -> str:
    if test.prefix in (Prefix.EQ, Prefix.NE, Prefix.AP):
        low, high = scope.binds.number(test.low), scope.binds.number(test.high)
        if test.prefix is Prefix.AP:
            return f"(t.low <= {high} AND t.high >= {low})"
        within = f"(t.low >= {low} AND t.low < {high} AND t.high < {high})"
        return within if test.prefix is Prefix.EQ else f"NOT {within}"
    return _COMPARED[test.prefix] + scope.binds.number(test.value)


_COMPARED = {
    Prefix.GT: "t.high > ",
    Prefix.LT: "t.low < ",
    Prefix.GE: "t.high >= ",
    Prefix.LE: "t.low <= ",
    Prefix.SA: "t.low > ",
    Prefix.EB: "t.high < ",
}
