"""update, also as create and by criteria (https://hl7.org/fhir/R4/http.html#update)."""

from dataclasses import replace

from starlette.requests import Request
from starlette.responses import Response

from api.grants import reach
from api.reads import resource_id
from api.requests import read_params
from api.writes import alarms, conditional, evidence, incoming, references, replies
from api.writes.create import add, new_id
from api.writes.judged import check_names, indexed, judged
from api.writes.writer import Writer, writing
from core import json_text
from core.errors import Conflict, Incorrect
from fhir.access.grant import Grant
from fhir.access.scopes import Action
from fhir.search.params import ResourceType
from fhir.values import Json, unversioned
from store import resources
from store.resource_rows import Current
from store.resources import Document


async def update(request: Request, kind: ResourceType) -> Response:
    """The next version of a resource; its first, where the client gives it its id."""
    own = reach(request, kind.name, Action.UPDATE)
    read_params(request)
    name = resource_id(request)
    sent = judged(await incoming.resource(request), kind.name)
    _check_id(sent, name)
    async with writing(request) as writer:
        before = await resources.current(writer.tx, kind.name, name)
        return await _put(request, writer, own, sent, before)


async def conditional_update(request: Request, kind: ResourceType) -> Response:
    """An update of the one resource that fulfils the criteria; a new one if none does."""
    own = reach(request, kind.name, Action.UPDATE)
    criteria = conditional.of_url(request, kind)
    sent = judged(await incoming.resource(request), kind.name)
    async with writing(request) as writer:
        found = await conditional.match(request, writer, kind, criteria)
        if found is None:
            name = sent.get("id") or new_id(request)
            before = await resources.current(writer.tx, kind.name, name)
            if own.is_whole and before is not None and not before.deleted:
                raise Conflict(f"{kind.name}/{name} does not fulfil the criteria")
        else:
            name = found.id
            before = await resources.current(writer.tx, kind.name, name)
            _check_id({"id": name} | sent, name)
        return await _put(request, writer, own, sent | {"id": name}, before)


def _check_id(sent: Json, name: str) -> None:
    if sent.get("id") != name:
        raise Incorrect(f"id: {name} is what the address says, and the resource must too")


async def _put(
    request: Request, writer: Writer, own: Grant, sent: Json, before: Current | None
) -> Response:
    before = own.theirs(before)
    if not own.is_whole and (before is None or before.deleted):
        # Whether an id is another patient's or nobody's yet is not told: they create by POST.
        raise own.missing(sent["id"])
    incoming.check_version(request, before)
    if before is None or before.deleted:
        document = await add(request, writer, own, sent)
        return await replies.reply(request, writer, document, 201, located=True)
    document = await change(request, writer, own, sent, before)
    return await replies.reply(request, writer, document, 200)


async def change(
    request: Request, writer: Writer, own: Grant, sent: Json, before: Current
) -> Document:
    """Write the next version of what is there; of evidence, only the clinician's part."""
    step = None
    if before.evidence:
        draft, wanted = await evidence.annotate(writer, sent, before)
        draft, step = await alarms.answered(request, writer, draft, before)
    else:
        stored = unversioned(json_text.loads(before.body))
        check_names(sent, stored)
        await evidence.check_enrolled(writer.tx, sent, stored)
        body = references.made_relative(sent, writer.base)
        draft, wanted = indexed(body), references.added(body, stored)
        draft = replace(draft, render=before.render)
    writer.promised += wanted
    document = await writer.put(request, own, draft)
    await alarms.follow(request, writer, step)
    return document
