"""Alarms as rows: found, claimed when their timer is due, written with their history.

Whoever changes one holds the FHIR clock (``store.resources.lock``) first, because its Flag
changes with it; so two never change one at once, and there is one order of locks.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    and_,
    bindparam,
    exists,
    func,
    insert,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.engine import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from core.alarms.alarm import Alarm, AlarmState, Occurrences
from core.alarms.policy import Recipient, from_json, to_json
from core.alarms.steps import Step
from core.alerts import AlertKind, Priority
from core.messages import ChannelKind
from store.tables import alarm as table
from store.tables import alarm_event

_SEEN = ("count", "opened_at", "last_seen_at", "closed_at", "priority")
_PLAIN = (
    "id", "patient_id", "raised_at", "round_at", "asked_at", "round", "level", "repeats", "asked",
    "notified_at", "acknowledged_at", "acknowledged_by", "put_down", "ended_at", "settled",
    "next_at",
)  # fmt: skip
_MADE = ("kind", "state", "policy", "reached")
_LINK = text(
    "UPDATE alert SET alarm = :alarm"
    " WHERE session = :session AND kind = :kind AND strip_index = :strip"
)
_PUT = (
    update(table)
    .where(table.c.id == bindparam("row_id"))
    .values({name: bindparam(name) for name in (*_SEEN, *_PLAIN, *_MADE)})
)
_AHEAD = timedelta(minutes=1)
"""What was done later than this from now was done by a clock that has since been put back."""
_IS_DUE = or_(
    table.c.next_at <= bindparam("now"),
    and_(
        table.c.next_at.is_not(None),
        func.greatest(
            table.c.raised_at, table.c.round_at, table.c.acknowledged_at, table.c.ended_at
        )
        > bindparam("ahead"),
    ),
)
_DUE = select(exists().where(_IS_DUE))
_NEXT = text("SELECT min(next_at) FROM alarm WHERE next_at IS NOT NULL")


async def get(tx: AsyncConnection, id_: str) -> Alarm:
    """An alarm that is there."""
    (alarm,) = await _where(tx, table.c.id == id_)
    return alarm


async def find(tx: AsyncConnection, id_: str) -> Alarm | None:
    """The alarm of this id, or None."""
    return next(iter(await _where(tx, table.c.id == id_)), None)


async def latest(tx: AsyncConnection, patient_id: str, kind: AlertKind) -> list[Alarm]:
    """A patient's living alarm of a kind, if any, and those that ended last; two at most."""
    query = (
        select(table)
        .where(table.c.patient_id == patient_id, table.c.kind == kind.value)
        .order_by(table.c.ended_at.desc().nulls_first())
        .limit(2)
    )
    return [_alarm(row) for row in await tx.execute(query)]


async def is_due(tx: AsyncConnection, now: datetime) -> bool:
    """Whether any timer is due, or was set by a clock that was put back; without a lock."""
    return bool((await tx.execute(_DUE, _by(now))).scalar_one())


async def next_due(tx: AsyncConnection) -> datetime | None:
    """When the next timer is due; None if there is none."""
    return (await tx.execute(_NEXT)).scalar_one()  # type: ignore[no-any-return]


async def claim_due(tx: AsyncConnection, now: datetime, limit: int) -> list[str]:
    """Up to ``limit`` alarms (ids) for which ``is_due`` holds, the longest due first.

    Others skip them.
    """
    query = (
        select(table.c.id)
        .where(_IS_DUE)
        .order_by(table.c.next_at, table.c.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return [row[0] for row in await tx.execute(query, _by(now))]


async def get_many(tx: AsyncConnection, ids: Sequence[str]) -> list[Alarm]:
    """The alarms of these ids, in any order."""
    return await _where(tx, table.c.id.in_(ids))


async def add(tx: AsyncConnection, alarm: Alarm, session: int, strip_index: int) -> None:
    """Write a new alarm, opened by a strip of a session (row)."""
    opened_by = {"session": session, "strip_index": strip_index}
    await tx.execute(insert(table).values(_values(alarm) | opened_by))


async def put(tx: AsyncConnection, alarms: Sequence[Alarm]) -> None:
    """Write alarms that are there already."""
    if alarms:
        await tx.execute(_PUT, [_values(alarm) | {"row_id": alarm.id} for alarm in alarms])


async def note(tx: AsyncConnection, steps: Sequence[Step], at: datetime, by: str | None) -> None:
    """Write into alarms' histories what has happened to them."""
    rows = [
        {"alarm": step.alarm.id, "at": at, "event": event.value, "by": by,
         "state": step.alarm.state.value}
        for step in steps
        for event in step.events
    ]  # fmt: skip
    if rows:
        await tx.execute(insert(alarm_event), rows)


async def link(tx: AsyncConnection, links: Mapping[tuple[int, AlertKind, int], str]) -> None:
    """Let alerts (session row, kind, strip index) belong to alarms (ids)."""
    rows = [
        {"alarm": name, "session": session, "kind": kind.value, "strip": strip}
        for (session, kind, strip), name in links.items()
    ]
    if rows:
        await tx.execute(_LINK, rows)


def _by(now: datetime) -> dict[str, datetime]:
    return {"now": now, "ahead": now + _AHEAD}


async def _where(tx: AsyncConnection, condition: ColumnElement[bool]) -> list[Alarm]:
    return [_alarm(row) for row in await tx.execute(select(table).where(condition))]


def _alarm(row: Row[Any]) -> Alarm:
    columns = row._asdict()
    seen = {name: columns[name] for name in _SEEN} | {"priority": Priority(columns["priority"])}
    return Alarm(
        kind=AlertKind(columns["kind"]),
        state=AlarmState(columns["state"]),
        seen=Occurrences(**seen),
        policy=from_json(columns["policy"]),
        reached=tuple(Recipient(ChannelKind(way), to) for way, to in columns["reached"]),
        **{name: columns[name] for name in _PLAIN},
    )


def _values(alarm: Alarm) -> dict[str, Any]:
    seen = {name: getattr(alarm.seen, name) for name in _SEEN}
    return (
        {name: getattr(alarm, name) for name in _PLAIN}
        | seen
        | {
            "kind": alarm.kind.value,
            "state": alarm.state.value,
            "priority": alarm.priority.value,
            "policy": to_json(alarm.policy),
            "reached": [[each.channel.value, each.address] for each in alarm.reached],
        }
    )
