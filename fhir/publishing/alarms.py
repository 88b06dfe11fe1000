"""What is told of an alarm's changes: rows, Flag, Task and messages, in one transaction."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime

from core.alarms.alarm import Alarm, Newest
from core.alarms.steps import Signal, Step
from core.messages import Addressed, Message
from fhir import codes
from fhir.clinical import standing
from fhir.mapping.flag import flag
from fhir.mapping.identity import Origin
from fhir.mapping.provenance import of_flag
from fhir.mapping.task import task
from fhir.publishing import latency
from fhir.publishing.shelf import After, Piece, as_told, evidence, lasting, publish
from fhir.values import Json, instant
from store import alarms, notifications, occurrences
from store.database import Transaction, notify

TIMER = "alarm"
"""What is notified when an alarm's timer may have changed."""
OUTBOX = "notification"
"""What is notified when messages have been put out."""
_ASKED = ("requested", "received")
_APART = frozenset({"lastModified", "meta", "text"})


async def commit(
    tx: Transaction, steps: Sequence[Step], at: datetime, base: str, by: str | None = None
) -> None:
    """Write alarms and all that tells of them; see ``tell``."""
    await publish(tx, await tell(tx, steps, at, base, by))


async def tell(
    tx: Transaction, steps: Sequence[Step], at: datetime, base: str, by: str | None = None
) -> list[Piece]:
    """Write alarms and put out their messages; their Flags and Tasks, to be published.

    ``base`` is the FHIR base URL for links, ``by`` who made the steps, where somebody did. The
    caller holds the FHIR clock.
    """
    if not steps:
        return []
    newest = await occurrences.newest(tx, [step.alarm.id for step in steps])
    await alarms.put(tx, [step.alarm for step in steps])
    await alarms.note(tx, steps, at, by)
    pieces: list[Piece] = []
    messages: list[Addressed] = []
    for step in steps:
        now = newest.get(step.alarm.id)
        if now is None:  # its only alert has become another alarm's
            continue
        messages += _messages(step, now, base)
        pieces += _pieces(step.alarm, now, at)
        latency.observe(step, now, at)
    await notifications.put_out(tx, messages, at)
    await notify(tx, TIMER)
    if messages:
        await notify(tx, OUTBOX)
    return pieces


def _messages(step: Step, newest: Newest, base: str) -> Iterator[Addressed]:
    for signal in step.signals:
        message = _message(step.alarm, newest, signal, base)
        for to in signal.recipients:
            yield Addressed(
                message, step.alarm.patient_id, signal.level, signal.round, to.channel, to.address
            )


def _message(alarm: Alarm, newest: Newest, signal: Signal, base: str) -> Message:
    basis = newest.alert.basis
    return Message(
        alarm=alarm.id,
        event=signal.event,
        kind=alarm.kind,
        priority=alarm.priority,
        display=codes.FLAGS[alarm.kind.value][0].display,
        session=newest.session.session_id.hex(),
        strip_index=newest.alert.strip_index,
        opened_at=alarm.seen.opened_at,
        count=alarm.seen.count,
        confidence=None if basis is None else basis.probability,
        link=f"{base}/Flag/{alarm.id}",
    )


def _pieces(alarm: Alarm, newest: Newest, at: datetime) -> Iterator[Piece]:
    def after(fresh: Json, before: Json | None, clinical: tuple[str, ...]) -> Json | None:
        return fresh if before is None else asked(fresh, before, clinical, at)

    body = flag(alarm, newest)
    now = Origin(newest.session.device_id, newest.session.session_id, alarm.patient_id)
    opened = Origin(newest.opened_in.device_id, newest.opened_in.session_id, alarm.patient_id)
    yield evidence(body), as_told
    yield evidence(of_flag(body, opened, now, newest.made_by, at)), lasting
    yield evidence(task(alarm, newest)), after
    if alarm.asked > 1:
        # Nobody answered the call before this one, and nobody need do so now.
        former = replace(alarm, asked=alarm.asked - 1)
        yield evidence(task(former, newest)), _superseded(at)


def _superseded(at: datetime) -> After:
    def after(_: Json, before: Json | None, __: tuple[str, ...]) -> Json | None:
        if before is None or before["status"] not in _ASKED:
            return None
        return modified(before | {"status": "cancelled"}, at)

    return after


def asked(fresh: Json, before: Json, clinical: tuple[str, ...], at: datetime) -> Json | None:
    """The Task after ``before``; None where there is nothing new to say.

    What a client says of it stays, but for a request that came to nothing before it was taken.
    """
    if before["status"] in _ASKED and fresh["status"] != "requested":
        clinical = tuple(name for name in clinical if name != "status")
    made = standing(fresh, before, tuple(name for name in clinical if name != "lastModified"))
    if _content(made) == _content(before):
        return None
    return modified(made, at)


def modified(body: Json, at: datetime) -> Json:
    """A Task as changed at ``at``; by whatever clock, not before it was asked for."""
    return body | {"lastModified": max(instant(at), body["authoredOn"])}


def _content(body: Json) -> Json:
    return {name: value for name, value in body.items() if name not in _APART}
