"""The deliverer of notifications, as the settings have it."""

import asyncio

from alerting.subscriptions.attempt import Attempts, Road
from alerting.subscriptions.deliverer import Deliverer
from alerting.subscriptions.signing import load_root
from api.site import FHIR_PATH
from api.strips import StripReader
from core.outbound import outbound
from hisbundle.address import own_url
from hisbundle.parts import Parts
from store.auditor import Auditor


async def deliver(parts: Parts, stop: asyncio.Event) -> None:
    """Deliver until ``stop`` is set."""
    settings = parts.settings
    ca_pem = settings.outbound_ca_file.read_text() if settings.outbound_ca_file else None
    road = Road(
        post=outbound(settings.outbound_networks, ca_pem).post,
        origins=settings.subscription_origins,
        base_url=own_url(settings) + FHIR_PATH,
        root=await load_root(parts.database, parts.vault),
        render=StripReader(parts.keys).body,
    )
    attempts = Attempts(parts.database, Auditor(parts.database), road)
    await Deliverer(parts.database, attempts, poll_s=settings.analysis_poll_s).run(stop)
