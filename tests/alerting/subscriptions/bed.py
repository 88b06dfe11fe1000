"""Matcher and deliverer over a database, with a clock that can be set and a real subscriber."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from typing import Any

import orjson

from alerting.subscriptions.attempt import Attempts, Road
from alerting.subscriptions.deliverer import Deliverer
from alerting.subscriptions.matcher import Matcher
from core.outbound import outbound
from fhir.subscriptions import codes
from fhir.values import Json
from store import resources
from store.auditor import Auditor
from store.database import Database, Transaction
from store.resources import Document
from store.subscriptions.state import State
from tests.alerting.subscriptions import feed
from tests.alerting.subscriptions.hook import Hook
from tests.fhir.subscriptions.samples import extension, subscription

BASE = "https://ecg.test/fhir"
ROOT = bytes(range(32))


@dataclass
class Clock:
    """The time, moved by hand."""

    at: datetime = field(default_factory=lambda: datetime.now(UTC))

    def __call__(self) -> datetime:
        return self.at

    def pass_s(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


async def stored(_: Transaction, document: Document) -> bytes:
    return document.body


def road(hook: Hook) -> Road:
    """The way to a hook on this machine."""
    out = outbound((ip_network("127.0.0.0/8"), ip_network("::1/128")), hook.ca.read_text())
    return Road(out.post, (hook.origin,), BASE, ROOT, stored)


@dataclass
class Bed:
    """Everything between a version and the subscriber's door."""

    database: Database
    hook: Hook
    clock: Clock
    deliverer: Deliverer
    matcher: Matcher

    async def subscribe(self, id_: str = "s1", *filters: str, **more: Any) -> None:
        """Ask for alerts; ``more`` changes the row, ``content`` and ``told`` the resource."""
        content, told = more.pop("content", "id-only"), more.pop("told", {})
        extensions = [
            extension(getattr(codes, name.upper()), **{kind: value})
            for name, kind, value in (
                ("heartbeat", "valueUnsignedInt", more.pop("heartbeat", None)),
                ("timeout", "valueUnsignedInt", more.pop("timeout", None)),
                ("max_count", "valuePositiveInt", more.pop("max_count", None)),
            )
            if value is not None
        ]
        channel = {"endpoint": self.hook.url} | told
        if extensions:
            channel["extension"] = extensions
        body = subscription(*filters, content=content, channel=channel)
        await feed.subscribe(self.database, id_, body, **more)

    async def write(self, *bodies: Json) -> None:
        """Write versions, each with a stamp of its own, and number their events."""
        for body in bodies:
            await feed.put(self.database, body)
        while await self.matcher.turn():
            pass

    async def deliver(self) -> None:
        """Deliver until nothing is due."""
        while await self.deliverer.turn():
            pass

    async def standing(self, id_: str = "s1") -> State:
        return await feed.standing(self.database, id_)

    async def resource(self, id_: str = "s1") -> Json:
        async with self.database.transaction() as tx:
            document = await resources.read(tx, "Subscription", id_)
        found: Json = orjson.loads(document.body)
        return found


def bed(database: Database, hook: Hook) -> Bed:
    """Put together."""
    clock = Clock()
    attempts = Attempts(database, Auditor(database), road(hook), clock, lambda: 0.0)
    deliverer = Deliverer(database, attempts, now=clock)
    return Bed(database, hook, clock, deliverer, Matcher(database, now=clock))
