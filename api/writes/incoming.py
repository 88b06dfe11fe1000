"""What a client sends: its form, its size, and the conditions in its headers."""

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request

from api.requests import body, expect_json
from core import json_text
from core.errors import Incorrect, Unmet
from fhir.search.params import Interaction
from fhir.values import Json
from store.resource_rows import Current

MAX_RESOURCE_BYTES = 1 << 20
MAX_BUNDLE_BYTES = 5 << 20
MAX_PATCH_BYTES = 1 << 18
PATCH_TYPE = "application/json-patch+json"


def _body(schema: Json, *media_types: str) -> Json:
    return {"required": True, "content": {name: {"schema": schema} for name in media_types}}


_RESOURCE = _body(
    {"$ref": "#/components/schemas/Resource"}, "application/fhir+json", "application/fhir+xml"
)
BODIES: Mapping[Interaction, Json] = {
    Interaction.CREATE: _RESOURCE,
    Interaction.UPDATE: _RESOURCE,
    Interaction.PATCH: _body({"type": "array", "items": {"type": "object"}}, PATCH_TYPE),
}
"""What each interaction is sent, as OpenAPI's requestBody."""
BUNDLE_BODY = _RESOURCE

_TAG = re.compile(r'(?:W/)?"([!#-~]{0,64})"')


class Return(StrEnum):
    """What a client wants back (https://hl7.org/fhir/R4/http.html#ops)."""

    MINIMAL = "minimal"
    REPRESENTATION = "representation"
    OUTCOME = "OperationOutcome"


async def resource(request: Request, max_bytes: int = MAX_RESOURCE_BYTES) -> Json:
    """The resource in the body. Raises 413, 415, and Incorrect for what is no JSON object."""
    expect_json(request)
    sent = json_text.loads(await body(request, max_bytes))
    if not isinstance(sent, dict):
        raise Incorrect("a resource is a JSON object")
    return sent


async def operations(request: Request) -> list[Any]:
    """The operations of a JSON Patch (RFC 6902). Raises 413, 415 and Incorrect."""
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != PATCH_TYPE:
        raise HTTPException(415, f"send {PATCH_TYPE}", {"Accept-Patch": PATCH_TYPE})
    sent = json_text.loads(await body(request, MAX_PATCH_BYTES))
    if not isinstance(sent, list):
        raise Incorrect("a JSON Patch is an array of operations")
    return sent


def preference(request: Request) -> Return:
    """What ``Prefer: return=`` asks for; the resource, where it asks for nothing we know."""
    for part in request.headers.get("prefer", "").replace(" ", "").split(","):
        for item in part.split(";"):
            name, _, value = item.partition("=")
            if name.lower() == "return" and value.strip('"') in list(Return):
                return Return(value.strip('"'))
    return Return.REPRESENTATION


def check_version(request: Request, before: Current | None) -> None:
    """Hold ``If-Match`` and ``If-None-Match: *`` against the current version.

    Raises Unmet (412), and Incorrect for a header that is no entity tag.
    """
    present = None if before is None or before.deleted else before
    wanted = request.headers.get("if-match")
    if wanted is not None and not _is_among(wanted, present):
        now = "there is none" if present is None else f"it is at version {present.version}"
        raise Unmet(f"If-Match: {wanted[:80]} is not the current version; {now}")
    if request.headers.get("if-none-match", "").strip() == "*" and present is not None:
        raise Unmet("If-None-Match: *, and there is one already")


def _is_among(tags: str, present: Current | None) -> bool:
    if tags.strip() == "*":
        return present is not None
    found = [_TAG.fullmatch(tag.strip()) for tag in tags.split(",")]
    if not all(found):
        raise Incorrect(f'If-Match: {tags[:80]!r} is no entity tag such as W/"1"')
    return present is not None and str(present.version) in {match[1] for match in found if match}
