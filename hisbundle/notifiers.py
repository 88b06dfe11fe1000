"""Who brings alerts to people and events to subscribers, as the settings have it."""

import asyncio
from collections.abc import Callable, Coroutine
from functools import partial

from alerting.escalation import Escalation
from alerting.subscriptions.matcher import Matcher
from alerting.technical import WatchLimits
from alerting.watch import Watch
from core.settings import Settings
from hisbundle.address import fhir_url
from hisbundle.parts import Parts
from hisbundle.subscribers import deliver

Run = Callable[[asyncio.Event], Coroutine[None, None, None]]


def notifiers(parts: Parts) -> list[Run]:
    """What the role runs until it is told to stop."""
    return [
        Watch(parts.database, _watch_limits(parts.settings)).run,
        Escalation(parts.database, fhir_url(parts.settings)).run,
        Matcher(parts.database, poll_s=parts.settings.analysis_poll_s).run,
        partial(deliver, parts),
    ]


def _watch_limits(settings: Settings) -> WatchLimits:
    return WatchLimits(settings.alert_silent_s, settings.alert_late_s, settings.alert_lasting_s)
