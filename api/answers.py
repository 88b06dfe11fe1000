"""Responses in FHIR JSON (https://hl7.org/fhir/R4/http.html)."""

from collections.abc import Mapping
from email.utils import format_datetime
from typing import Any

import orjson
from starlette.responses import Response

from core import json_text
from store.resources import Document

MEDIA_TYPE = "application/fhir+json; charset=utf-8"
_PRIVATE = {"Cache-Control": "private, no-cache"}


def fhir(
    body: bytes | Mapping[str, Any],
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    *,
    pretty: bool = False,
) -> Response:
    """A FHIR resource; bytes go out as they are, unless ``pretty`` asks for lines."""
    content = body if isinstance(body, bytes) else orjson.dumps(body)
    if pretty:  # read again, for a Bundle holds its resources as bytes
        content = json_text.dumps(json_text.loads(content), pretty=True)
    return Response(content, status, {**_PRIVATE, **(headers or {})}, MEDIA_TYPE)


def version_headers(document: Document) -> dict[str, str]:
    """ETag and Last-Modified of a version."""
    return {
        "ETag": f'W/"{document.version}"',
        "Last-Modified": format_datetime(document.last_updated, usegmt=True),
    }
