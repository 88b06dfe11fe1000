"""create, also if there is none yet (https://hl7.org/fhir/R4/http.html#create)."""

from uuid import uuid4

from starlette.requests import Request
from starlette.responses import Response

from api.grants import allow, reach
from api.requests import read_params
from api.writes import conditional, incoming, references, replies
from api.writes.judged import check_names, indexed, judged
from api.writes.writer import Writer, writing
from fhir.access.grant import Grant
from fhir.access.scopes import Action
from fhir.search.params import ResourceType
from fhir.values import Json
from store.resources import Document

ASSIGNED_ID = "assigned_id"
"""In the scope of a transaction's entry: the id by which others of it refer to this one."""


async def create(request: Request, kind: ResourceType) -> Response:
    """A new resource under an id of ours; the one that fulfils ``If-None-Exist``, if it does."""
    own = may_create(request, kind.name)
    criteria = conditional.of_header(request, kind)
    read_params(request)
    sent = judged(await incoming.resource(request), kind.name)
    async with writing(request) as writer:
        if criteria is not None:
            found = await conditional.match(request, writer, kind, criteria)
            if found is not None:
                return await replies.reply(request, writer, found, 200, located=True, own=False)
        document = await add(request, writer, own, sent | {"id": new_id(request)})
        return await replies.reply(request, writer, document, 201, located=True)


def may_create(request: Request, type_: str) -> Grant:
    """Of whom the caller may create resources. Raises Forbidden.

    Who is confined to certain patients makes no new ones.
    """
    if type_ == "Patient":
        allow(request, type_, Action.CREATE)
    return reach(request, type_, Action.CREATE)


async def add(request: Request, writer: Writer, own: Grant, sent: Json) -> Document:
    """Write what was not there; ``sent`` has its id."""
    check_names(sent, {})
    body = references.made_relative(sent, writer.base)
    writer.promised += references.added(body, {})
    return await writer.put(request, own, indexed(body))


def new_id(request: Request) -> str:
    """An id that nobody has."""
    return str(request.scope.get(ASSIGNED_ID) or uuid4())
