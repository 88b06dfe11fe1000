"""An entry of a Bundle through the same routes as a request of its own, and its answer."""

from collections.abc import Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Any

import orjson
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Message

from api.disclosure import disclosed
from api.dispatch import Dispatch
from api.errors import answer
from api.site import FHIR_PATH
from api.writes.entries import FHIR_TYPE, Entry
from api.writes.room import room
from core.errors import HisbundleError, Incorrect
from fhir.values import Json, compact, instant

_NOT_HANDED_ON = ("path_params", "route")


def request_of(outer: Request, entry: Entry, more: Mapping[str, Any]) -> Request:
    """The request that ``entry`` makes, with ``more`` in its scope. Raises Incorrect."""
    media_type, content = entry.body
    headers = [("accept", FHIR_TYPE), ("content-type", media_type), *entry.headers]
    if "prefer" in outer.headers:
        headers.append(("prefer", outer.headers["prefer"]))
    if "host" in outer.headers:
        headers.append(("host", outer.headers["host"]))
    disclosed(outer)  # one set for all
    room(outer)
    path = f"{FHIR_PATH}/{entry.path}"
    scope = {name: value for name, value in outer.scope.items() if name not in _NOT_HANDED_ON}
    scope |= {
        "method": entry.method,
        "path": path,
        "raw_path": path.encode("utf-8", "replace"),
        "query_string": entry.query.encode("utf-8", "replace"),
        "headers": [(n.encode(), v.encode("latin-1", "replace")) for n, v in headers],
        **more,
    }

    async def receive() -> Message:
        return {"type": "http.request", "body": content, "more_body": False}

    return Request(scope, receive)


async def run(request: Request) -> Response:
    """The answer of the route that the request matches. Raises what the route raises."""
    dispatch: Dispatch = request.app.state.dispatch
    endpoint = dispatch.endpoint(request.scope)
    room(request).enter()
    response = await endpoint(request)
    room(request).take(response)
    return response


async def answered(request: Request) -> Response:
    """The same, with errors as the answers that they become."""
    try:
        return await run(request)
    except (HisbundleError, HTTPException) as error:
        return answer(error)


def response_entry(response: Response) -> Json:
    """The entry of a response Bundle."""
    headers = response.headers
    body: Any = getattr(response, "body", None)
    if body is None or (body and not headers.get("content-type", "").startswith(FHIR_TYPE)):
        return response_entry(answer(Incorrect("a Bundle holds FHIR resources only")))
    told = {
        "status": str(response.status_code),
        "location": headers.get("location"),
        "etag": headers.get("etag"),
        "lastModified": _instant(headers.get("last-modified")),
    }
    if not body:
        return {"response": compact(told)}
    plain = orjson.Fragment(bytes(body))
    if orjson.loads(body).get("resourceType") == "OperationOutcome":
        return {"response": compact(told | {"outcome": plain})}
    return {"resource": plain, "response": compact(told)}


def _instant(http_date: str | None) -> str | None:
    return None if http_date is None else instant(parsedate_to_datetime(http_date).astimezone(UTC))
