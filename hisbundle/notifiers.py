"""Who brings alerts to people and events to subscribers, as the settings have it."""

import asyncio
from collections.abc import Callable, Coroutine

from hisbundle.parts import Parts

Run = Callable[[asyncio.Event], Coroutine[None, None, None]]


def notifiers(parts: Parts) -> list[Run]:
    """What the role runs until it is told to stop."""
    return []
