"""Who brings alerts to people and events to subscribers, as the settings have it."""

import asyncio
from collections.abc import Callable, Coroutine
from functools import partial

from alerting.escalation import Escalation
from alerting.subscriptions.matcher import Matcher
from hisbundle.address import fhir_url
from hisbundle.parts import Parts
from hisbundle.subscribers import deliver

Run = Callable[[asyncio.Event], Coroutine[None, None, None]]


def notifiers(parts: Parts) -> list[Run]:
    """What the role runs until it is told to stop."""
    return [
        Escalation(parts.database, fhir_url(parts.settings)).run,
        Matcher(parts.database, poll_s=parts.settings.analysis_poll_s).run,
        partial(deliver, parts),
    ]
