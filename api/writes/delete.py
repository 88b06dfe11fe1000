"""delete, also by criteria (https://hl7.org/fhir/R4/http.html#delete)."""

from starlette.requests import Request
from starlette.responses import Response

from api.grants import reach
from api.reads import resource_id
from api.requests import read_params
from api.writes import conditional, incoming, replies
from api.writes.writer import Writer, writing
from core.errors import Conflict
from fhir.access.grant import Grant
from fhir.access.scopes import Action
from fhir.search.params import ResourceType
from store import resources


async def delete(request: Request, kind: ResourceType) -> Response:
    """A deletion; again, or of what never was, it changes nothing."""
    own = reach(request, kind.name, Action.DELETE)
    read_params(request)
    name = resource_id(request)
    async with writing(request) as writer:
        return await _delete(request, writer, own, name)


async def conditional_delete(request: Request, kind: ResourceType) -> Response:
    """The deletion of the one resource that fulfils the criteria."""
    own = reach(request, kind.name, Action.DELETE)
    criteria = conditional.of_url(request, kind)
    async with writing(request) as writer:
        found = await conditional.match(request, writer, kind, criteria)
        if found is None:
            return replies.deleted(request, None, f"no {kind.name} that is meant")
        return await _delete(request, writer, own, found.id)


async def _delete(request: Request, writer: Writer, own: Grant, name: str) -> Response:
    key = (own.type, name)
    place = "/".join(key)
    before = own.theirs(await resources.current(writer.tx, *key))
    incoming.check_version(request, before)
    if before is None or before.deleted:
        return replies.deleted(request, None, place)
    if before.evidence:
        raise Conflict(
            f"{place} is what the service has found and is not deleted;"
            " mark it entered-in-error instead"
        )
    return replies.deleted(request, await writer.delete(request, key, before), place)
