"""Entries of the audit trail by what they say, in the order in which they were written."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, not_, or_, select, true, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from core.audit import COLUMNS, Recorded
from core.errors import NotFound
from store.audit_chain import entry
from store.criteria import Prefix
from store.tables import audit_entry as e


class Field(StrEnum):
    """What a condition can be about."""

    SEQ = "seq"
    AT = "recorded_at"
    PATIENT = "patient"
    CLIENT = "client"
    INTERACTION = "interaction"
    OUTCOME = "outcome"
    ADDRESS = "address"
    TOKEN = "token"  # noqa: S105 (a column)
    ENTITY = "entity"


@dataclass(frozen=True, slots=True)
class Span:
    """A comparison with the time from ``low`` to ``high``, end excluded."""

    prefix: Prefix
    low: datetime
    high: datetime


@dataclass(frozen=True, slots=True)
class Condition:
    """One of ``values`` holds; none holds for nothing."""

    field: Field
    values: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class AuditQuery:
    """Conditions that all hold; ``after`` is the (time, seq) of the last entry already seen."""

    conditions: tuple[Condition, ...] = ()
    count: int = 50
    descending: bool = True
    after: tuple[datetime, int] | None = None


_RECORDED = (e.c.seq, e.c.recorded_at, *(e.c[name] for name in COLUMNS))


async def read(tx: AsyncConnection, seq: int) -> Recorded:
    """One entry. Raises NotFound."""
    row = (await tx.execute(select(*_RECORDED).where(e.c.seq == seq))).one_or_none()
    if row is None:
        raise NotFound(f"there is no AuditEvent/{seq}")
    return _recorded(row)


async def find(tx: AsyncConnection, query: AuditQuery, count: int) -> list[Recorded]:
    """Up to ``count`` entries from ``query.after`` on."""
    return [_recorded(row) for row in await tx.execute(statement(query, count))]


def statement(query: AuditQuery, count: int) -> Select[Any]:
    """The search of ``find``."""
    order = (e.c.recorded_at, e.c.seq)
    wanted = select(*_RECORDED).where(*map(_condition, query.conditions)).limit(count)
    if query.after is not None:
        place = tuple_(*order)
        beyond = place < query.after if query.descending else place > query.after
        wanted = wanted.where(beyond)
    return wanted.order_by(*[c.desc() if query.descending else c.asc() for c in order])


def _recorded(row: Any) -> Recorded:
    return Recorded(row.seq, row.recorded_at, entry(row))


def _condition(condition: Condition) -> ColumnElement[bool]:
    match condition.field:
        case Field.AT:
            return or_(*map(_within, condition.values))
        case Field.ADDRESS:
            starts = [e.c.address.startswith(text, autoescape=True) for text in condition.values]
            return or_(*starts)
        case Field.ENTITY:
            return _entity(condition.values)
        case field:
            return e.c[field.value].in_(condition.values)


def _entity(pairs: Sequence[tuple[str, str]]) -> ColumnElement[bool]:
    """About these resources; a patient is also what was told of them."""
    about = [
        and_(e.c.type == type_ if type_ else true(), e.c.resource_id == id_) for type_, id_ in pairs
    ]
    patients = [id_ for type_, id_ in pairs if type_ in ("Patient", "")]
    return or_(*about, e.c.patient.in_(patients)) if patients else or_(*about)


def _within(span: Span) -> ColumnElement[bool]:
    at, low, high = e.c.recorded_at, span.low, span.high
    match span.prefix:
        case Prefix.GT | Prefix.SA:
            return at >= high
        case Prefix.LT | Prefix.EB:
            return at < low
        case Prefix.GE:
            return at >= low
        case Prefix.LE:
            return at < high
        case Prefix.NE:
            return not_(and_(at >= low, at < high))
        case _:
            return and_(at >= low, at < high)
