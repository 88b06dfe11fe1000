"""Answers of clinicians to alarms: a Task that is taken or refused, a Flag that is put down.

https://hl7.org/fhir/R4/task.html#statemachine. What a client writes and what follows from it for
the alarm become one version of the resource.
"""

from dataclasses import replace
from datetime import UTC, datetime

from starlette.requests import Request

from api.requests import caller
from api.writes.judged import indexed
from api.writes.writer import Writer
from core import json_text
from core.alarms import life
from core.alarms.alarm import Alarm, Newest
from core.alarms.steps import Step
from fhir.clinical import standing
from fhir.mapping.flag import flag
from fhir.mapping.task import task, task_id
from fhir.publishing.alarms import asked, commit, modified
from fhir.values import Json
from store import alarms, occurrences
from store.database import Transaction
from store.resource_rows import Current
from store.resources import Draft

_TAKEN = frozenset({"accepted", "in-progress", "completed"})
_PEOPLE = ("Practitioner/", "PractitionerRole/", "Patient/", "RelatedPerson/")


async def answered(
    request: Request, writer: Writer, draft: Draft, before: Current
) -> tuple[Draft, Step | None]:
    """What a client's change of evidence does to an alarm, and the version with that in it."""
    body = draft.body or {}
    status = body.get("status")
    if status == json_text.loads(before.body)["status"]:
        return draft, None
    at = datetime.now(UTC)
    if draft.type == "Task":
        return await _task(request, writer.tx, draft, at)
    if draft.type == "Flag":
        return await _flag(request, writer.tx, draft, at)
    return draft, None


async def follow(request: Request, writer: Writer, step: Step | None) -> None:
    """Write what an answer has done to an alarm, once the answer itself is written."""
    if step is not None:
        by = step.alarm.acknowledged_by or _who(request, {}, ())
        await commit(writer.tx, [step], datetime.now(UTC), writer.base, by)


async def _task(
    request: Request, tx: Transaction, draft: Draft, at: datetime
) -> tuple[Draft, Step | None]:
    body = modified(draft.body or {}, at)
    told = _as_evidence(body, draft)
    alarm = await alarms.find(tx, str(body["focus"]["reference"]).rpartition("/")[2])
    if alarm is None or draft.id != task_id(alarm.id, alarm.asked):
        return told, None
    if body["status"] in _TAKEN:
        step = life.acknowledged(alarm, _who(request, body, draft.clinical), at)
    elif body["status"] == "rejected":
        step = life.rejected(alarm, at)
    else:
        return told, None
    step = step.then(life.elapsed(step.alarm, at))
    if step.alarm.asked == alarm.asked:
        fresh = task(step.alarm, await _newest(tx, alarm))
        body = asked(fresh, body, draft.clinical, at) or body
    return _as_evidence(body, draft), step


async def _flag(
    request: Request, tx: Transaction, draft: Draft, at: datetime
) -> tuple[Draft, Step | None]:
    alarm = await alarms.find(tx, draft.id)
    if alarm is None:
        return draft, None
    body = draft.body or {}
    in_error = body["status"] == "entered-in-error"
    step = life.put_down(alarm, _who(request, {}, ()), at, in_error=in_error)
    step = step.then(life.elapsed(step.alarm, at))
    fresh = flag(step.alarm, await _newest(tx, alarm))
    return _as_evidence(standing(fresh, body, draft.clinical), draft), step


def _who(request: Request, body: Json, clinical: tuple[str, ...]) -> str:
    """The owner of the Task, where a client has named a person; else the client itself."""
    owner = str(body.get("owner", {}).get("reference", ""))
    if "owner" in clinical and owner.startswith(_PEOPLE):
        return owner
    who = caller(request)
    return who.client_id or who.subject


async def _newest(tx: Transaction, alarm: Alarm) -> Newest:
    return (await occurrences.newest(tx, [alarm.id]))[alarm.id]


def _as_evidence(body: Json, draft: Draft) -> Draft:
    made = indexed(body)
    return replace(made, render=draft.render, evidence=True, clinical=draft.clinical)
