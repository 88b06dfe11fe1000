"""JSON Patch (RFC 6902; https://hl7.org/fhir/R4/http.html#patch)."""

from copy import deepcopy
from typing import Any

import jsonpatch
from jsonpointer import JsonPointerException
from starlette.requests import Request
from starlette.responses import Response

from api.grants import reach
from api.reads import resource_id
from api.requests import read_params
from api.writes import conditional, incoming, replies
from api.writes.judged import judged
from api.writes.update import change
from api.writes.writer import Writer, writing
from core import json_text
from core.errors import Gone, Incorrect, Invalid, NotFound
from fhir.access.grant import Grant
from fhir.access.scopes import Action
from fhir.search.params import ResourceType
from fhir.values import Json
from store import resources

MAX_OPERATIONS = 200


async def patch(request: Request, kind: ResourceType) -> Response:
    """Changes of parts of a resource, all or none."""
    own = reach(request, kind.name, Action.UPDATE)
    read_params(request)
    name = resource_id(request)
    operations = await incoming.operations(request)
    async with writing(request) as writer:
        return await _patch(request, writer, own, name, operations)


async def conditional_patch(request: Request, kind: ResourceType) -> Response:
    """A patch of the one resource that fulfils the criteria."""
    own = reach(request, kind.name, Action.UPDATE)
    criteria = conditional.of_url(request, kind)
    operations = await incoming.operations(request)
    async with writing(request) as writer:
        found = await conditional.match(request, writer, kind, criteria)
        if found is None:
            raise NotFound(f"no resource of type {kind.name} fulfils the criteria")
        return await _patch(request, writer, own, found.id, operations)


async def _patch(
    request: Request, writer: Writer, own: Grant, name: str, operations: list[Any]
) -> Response:
    key = (own.type, name)
    before = own.theirs(await resources.current(writer.tx, *key))
    if before is None and not own.is_whole:
        raise own.missing(name)
    incoming.check_version(request, before)
    if before is None:
        raise NotFound(f"there is no {'/'.join(key)}")
    if before.deleted:
        raise Gone(f"{'/'.join(key)} was deleted in version {before.version}")
    # What the client has read: a strip with its samples.
    document = await resources.read(writer.tx, *key)
    view = json_text.loads(await writer.here.strips.body(writer.tx, document))
    sent = judged(patched(view, operations), key[0])
    if sent.get("id") != key[1]:
        raise Invalid("id: a patch does not change it")
    written = await change(request, writer, own, sent, before)
    return await replies.reply(request, writer, written, 200, own=False)


def patched(resource: Json, operations: list[Any]) -> Json:
    """``resource`` after all ``operations``; numbers keep their digits.

    Raises Incorrect for what is no JSON Patch, Invalid for one that does not go on this resource.
    """
    if len(operations) > MAX_OPERATIONS:
        raise Incorrect(f"more than {MAX_OPERATIONS} operations in one patch")
    made: Any = deepcopy(resource)
    for number, operation in enumerate(operations):
        try:
            made = jsonpatch.JsonPatch([operation]).apply(made, in_place=True)
            # A copy may double a resource, again and again.
            text = json_text.dumps(made) if operation["op"] == "copy" else b""
        except jsonpatch.InvalidJsonPatch as error:
            raise Incorrect(f"operation {number}: {_short(error)}") from None
        except (jsonpatch.JsonPatchException, JsonPointerException) as error:
            raise Invalid(f"operation {number}: {_short(error)}") from None
        except RecursionError:
            raise Invalid(f"operation {number}: the resource is nested too deep") from None
        except (TypeError, KeyError, IndexError, ValueError, AttributeError):
            raise Invalid(f"operation {number}: does not go on this resource") from None
        if len(text) > incoming.MAX_RESOURCE_BYTES:
            raise Invalid(f"operation {number}: the resource grows too long")
    return _checked(made)


def _checked(made: Any) -> Json:
    """As if it had been sent: a bounded JSON object."""
    try:
        text = json_text.dumps(made)
    except TypeError:
        raise Invalid("the patched resource is nested too deep") from None
    if len(text) > incoming.MAX_RESOURCE_BYTES:
        raise Invalid(f"the patched resource has more than {incoming.MAX_RESOURCE_BYTES} bytes")
    resource = json_text.loads(text)
    if not isinstance(resource, dict):
        raise Invalid("what the patch leaves is no resource")
    return resource


def _short(error: Exception) -> str:
    """What went wrong, without the values that it went wrong with."""
    return (
        type(error).__name__
        if not isinstance(error, jsonpatch.InvalidJsonPatch)
        else str(error)[:200]
    )
