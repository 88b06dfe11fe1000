"""A service for a command: the one that is named or runs already, else one of our own."""

from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from typing import TypeVar

import httpx

from core.errors import Conflict, Unavailable
from core.settings import Settings
from hisbundle.address import own_url
from hisbundle.service import running_service

LOOK_TIMEOUT_S = 3.0
T = TypeVar("T")


async def with_service(
    settings: Settings, server: str | None, work: Callable[[str], Awaitable[T]]
) -> T:
    """What ``work`` returns for the base URL of a service.

    Without ``server`` that is one that answers where the settings say; if none does, one is
    started on free ports, for as long as the work takes. Raises Conflict if another service,
    at another address, has the data folder, and Unavailable if none answers at ``server``.
    """
    if server is not None:
        return await at_service(server.rstrip("/"), work)
    if await _is_up(own_url(settings)):
        return await at_service(own_url(settings), work)
    async with AsyncExitStack() as stack:
        try:
            free = settings.model_copy(update={"http_port": 0, "mqtt_port": 0})
            real = await stack.enter_async_context(running_service(free))
        except Conflict as error:
            raise Conflict(f"{error}; or name it with --server URL") from error
        return await work(own_url(real))


async def at_service(url: str, work: Callable[[str], Awaitable[T]]) -> T:
    """What ``work`` returns for the service at ``url``. Raises Unavailable if none answers."""
    try:
        return await work(url)
    except (httpx.TransportError, httpx.InvalidURL) as error:
        raise Unavailable(f"no service at {url}: {error}") from error


async def _is_up(url: str) -> bool:
    """Whether a service of ours answers there (by the form of its health report)."""
    try:
        async with httpx.AsyncClient(timeout=LOOK_TIMEOUT_S) as client:
            answer = (await client.get(f"{url}/health")).json()
    except (httpx.HTTPError, ValueError):
        return False
    return isinstance(answer, dict) and {"status", "version", "checks"} <= answer.keys()
