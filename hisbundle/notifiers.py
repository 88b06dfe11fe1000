"""Who brings alerts to people and events to subscribers, as the settings have it."""

import asyncio
from collections.abc import Callable, Coroutine

from alerting.technical import WatchLimits
from alerting.watch import Watch
from core.settings import Settings
from hisbundle.parts import Parts

Run = Callable[[asyncio.Event], Coroutine[None, None, None]]


def notifiers(parts: Parts) -> list[Run]:
    """What the role runs until it is told to stop."""
    return [
        Watch(parts.database, _watch_limits(parts.settings)).run,
    ]


def _watch_limits(settings: Settings) -> WatchLimits:
    return WatchLimits(settings.alert_silent_s, settings.alert_late_s, settings.alert_lasting_s)
