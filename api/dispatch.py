"""From an address to its endpoint: a tree of path segments, walked once for each request.

FastAPI tries its routes one after another, works out each endpoint's parameters, and puts seven
layers around them. Ours are hundreds of routes, and all take the request alone. So FastAPI's
routes are what the OpenAPI document tells of, and their endpoints are found and called here.
"""

import re
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from inspect import signature
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route
from starlette.types import Receive, Scope, Send

from api.errors import answer
from core.errors import HisbundleError

Endpoint = Callable[[Request], Awaitable[Response]]
_PARAMETER = re.compile(r"{(\w+)}([^{}]*)")
"""A name, and what a segment must end with."""


@dataclass(slots=True)
class Place:
    """What follows one beginning of a path; ``path`` is the pattern of what is served here.

    A segment that is named goes before a parameter, whatever the order of the routes.
    """

    path: str = ""
    endpoints: dict[str, Endpoint] = field(default_factory=dict)
    named: dict[str, "Place"] = field(default_factory=dict)
    parameter: tuple[str, str, "Place"] | None = None

    def below(self, segment: str) -> "Place":
        """The place one segment of a pattern further, made if it is new."""
        match = _PARAMETER.fullmatch(segment)
        if match is None:
            return self.named.setdefault(segment, Place())
        if self.parameter is None:
            self.parameter = (match[1], match[2], Place())
        name, end, behind = self.parameter
        if (name, end) != match.groups():
            raise ValueError(f"{segment}: at this place there is {{{name}}}{end}")
        return behind


class Dispatch:
    """The ASGI application at the end of all middleware: routes, and answers for their errors."""

    def __init__(self, routes: Iterable[BaseRoute]) -> None:
        """Raises TypeError for an endpoint that takes more than the request."""
        self._root = Place()
        for route in routes:
            if not isinstance(route, Route):
                raise TypeError(f"{route}: only plain routes are served")
            if len(signature(route.endpoint).parameters) != 1:
                raise TypeError(f"{route.path}: its endpoint must take the request alone")
            place = self._root
            for segment in route.path.split("/"):
                place = place.below(segment)
            place.path = route.path
            for method in route.methods or ():
                place.endpoints.setdefault(method, route.endpoint)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one HTTP request."""
        try:
            response = await self.endpoint(scope)(Request(scope, receive, send))
        except (HisbundleError, HTTPException) as error:
            response = answer(error)
        await response(scope, receive, send)

    def endpoint(self, scope: Scope) -> Endpoint:
        """What serves a request; its place and parameters are noted in ``scope``.

        Raises HTTPException 404 where nothing is, 405 where another method is served.
        """
        place, params = self._root, dict[str, Any]()
        for segment in scope["path"].split("/"):
            place = _next(place, segment, params)
        if not place.endpoints:
            raise HTTPException(404)
        scope["route"], scope["path_params"] = place, params
        found = place.endpoints.get(scope["method"])
        if found is not None:
            return found
        raise HTTPException(405, headers={"Allow": ", ".join(sorted(place.endpoints))})


def _next(place: Place, segment: str, params: dict[str, Any]) -> Place:
    """One segment of a path further. Raises HTTPException 404."""
    named = place.named.get(segment)
    if named is not None:
        return named
    if place.parameter is not None:
        name, end, behind = place.parameter
        value = segment.removesuffix(end)
        if value and (not end or value != segment) and "\x00" not in value:
            params[name] = value
            return behind
    raise HTTPException(404)
