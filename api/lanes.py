"""Routing by the path's first two segments: a request tries its own type's routes, no others.

FastAPI tries its routes one by one, and works out each endpoint's parameters from its signature.
Ours are many, and all take the request alone. So FastAPI's routes stay what the OpenAPI document
tells of, and their endpoints are called here (https://www.starlette.io/routing/).
"""

from collections.abc import Awaitable, Callable, Iterable
from inspect import signature
from typing import Self

from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route, Router
from starlette.types import ASGIApp, Receive, Scope, Send

Endpoint = Callable[[Request], Awaitable[Response]]
Key = tuple[str, ...]


class Lanes:
    """The routes by their first two segments; ``otherwise`` serves what is in none of them."""

    def __init__(self, otherwise: ASGIApp, routes: dict[Key, list[Route]]) -> None:
        self._otherwise = otherwise
        self._lanes = {
            key: Router(lane, redirect_slashes=False).app for key, lane in routes.items()
        }

    @classmethod
    def beside(cls, otherwise: ASGIApp, routes: Iterable[BaseRoute]) -> Self:
        """Lanes for those of ``routes`` that begin with two names, or are a name or two.

        Raises TypeError for an endpoint that takes more than the request.
        """
        paths: dict[str, dict[str, Endpoint]] = {}
        for route in routes:
            if isinstance(route, APIRoute):
                if len(signature(route.endpoint).parameters) != 1:
                    raise TypeError(f"{route.path}: its endpoint must take the request alone")
                own = paths.setdefault(route.path, {})
                own.update(dict.fromkeys(route.methods or (), route.endpoint))
        lanes: dict[Key, list[Route]] = {}
        for path, endpoints in paths.items():
            serve = Route(path, _by_method(endpoints), methods=list(endpoints))
            lanes.setdefault(_key(path), []).append(serve)
        return cls(otherwise, {key: lane for key, lane in lanes.items() if "{" not in "".join(key)})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve by the path's lane."""
        lane = self._lanes.get(_key(scope["path"])) if scope["type"] == "http" else None
        await (lane or self._otherwise)(scope, receive, send)


def _key(path: str) -> Key:
    return tuple(path.split("/", 3)[1:3])


def _by_method(endpoints: dict[str, Endpoint]) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        return await endpoints[request.method](request)

    return endpoint
