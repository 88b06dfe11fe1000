"""Who brings alerts to people and events to subscribers, as the settings have it."""

import asyncio
from collections.abc import Callable, Coroutine
from functools import partial

from alerting.channels.choose import channels
from alerting.escalation import Escalation
from alerting.sender import Patience, Sender
from alerting.subscriptions.matcher import Matcher
from alerting.technical import WatchLimits
from alerting.watch import Watch
from core.outbound import outbound
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
        _sender(parts).run,
    ]


def _sender(parts: Parts) -> Sender:
    settings = parts.settings
    ca_pem = settings.outbound_ca_file.read_text() if settings.outbound_ca_file else None
    ways = channels(settings, outbound(settings.outbound_networks, ca_pem))
    patience = Patience(
        settings.messages_patience_s,
        settings.analysis_poll_s,
        settings.messages_kept_s,
        settings.messages_per_minute,
    )
    return Sender(parts.database, ways, patience)


def _watch_limits(settings: Settings) -> WatchLimits:
    return WatchLimits(settings.alert_silent_s, settings.alert_late_s, settings.alert_lasting_s)
