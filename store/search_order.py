"""The order of a search as SQL, and the place in it from which a page goes on."""

from collections.abc import Sequence
from datetime import datetime

from store.criteria import Position, PositionValue, SortColumn, SortKey
from store.search_scope import Scope, both, either

_FILLED = {SortColumn.ID, SortColumn.AT, SortColumn.LAST_UPDATED}
_TABLES = {
    SortColumn.TOKEN: ("resource_token", "code", "code"),
    SortColumn.SPAN: ("resource_range", "low", "low"),
    SortColumn.AMOUNT: ("resource_quantity", "low", "high"),
}


def expression(key: SortKey, scope: Scope) -> str:
    """What a key sorts by."""
    if key.column is SortColumn.LAST_UPDATED:
        return f"{scope.resource}.last_updated"
    if key.column in _FILLED:
        return f"{scope.rows}.{key.column.value}"
    if key.column is not SortColumn.PATIENT:
        return _of_parameter(key, key.column, scope)
    patient = f"{scope.rows}.patient_id"
    if not key.param:
        return patient
    others = _of_parameter(key, SortColumn.TOKEN, scope)
    return f"coalesce('Patient/' || {patient}, {others})"


def _of_parameter(key: SortKey, column: SortColumn, scope: Scope) -> str:
    table, least, greatest = _TABLES[column]
    value = f"max(s.{greatest})" if key.descending else f"min(s.{least})"
    return (
        f"(SELECT {value} FROM {table} s WHERE s.type = {scope.kind}"  # noqa: S608 (ours)
        f" AND s.id = {scope.resource}.id AND s.param = {scope.binds.text(key.param)})"
    )


def ordering(order: Sequence[SortKey], scope: Scope) -> str:
    """The ORDER BY clause; what has no value counts as less than all that have."""
    return ", ".join(f"{expression(key, scope)} {_direction(key)}" for key in order)


def _direction(key: SortKey) -> str:
    direction = "DESC" if key.descending else "ASC"
    if key.column in _FILLED:
        return direction
    return f"{direction} NULLS {'LAST' if key.descending else 'FIRST'}"


def beyond(order: Sequence[SortKey], after: Position, scope: Scope) -> str:
    """The rows behind a position; one comparison of rows where an index can follow it."""
    if len({key.descending for key in order}) == 1 and all(k.column in _FILLED for k in order):
        left = ", ".join(expression(key, scope) for key in order)
        right = ", ".join(_bound(value, scope) for value in after)
        return f"({left}) {'<' if order[0].descending else '>'} ({right})"
    ways: list[str] = []
    equal: list[str] = []
    for key, value in zip(order, after, strict=True):
        ways.append(both([*equal, _further(key, value, scope)]))
        equal.append(_same(key, value, scope))
    return either(ways)


def _further(key: SortKey, value: PositionValue, scope: Scope) -> str:
    column = expression(key, scope)
    if value is None:
        return "false" if key.descending else f"{column} IS NOT NULL"
    if not key.descending:
        return f"{column} > {_bound(value, scope)}"
    less = f"{column} < {_bound(value, scope)}"
    return less if key.column in _FILLED else either((less, f"{column} IS NULL"))


def _same(key: SortKey, value: PositionValue, scope: Scope) -> str:
    column = expression(key, scope)
    return f"{column} IS NULL" if value is None else f"{column} = {_bound(value, scope)}"


def _bound(value: PositionValue, scope: Scope) -> str:
    if isinstance(value, str):
        return scope.binds.text(value)
    if value is None:
        return "NULL"
    return scope.binds.moment(value) if isinstance(value, datetime) else scope.binds.number(value)
