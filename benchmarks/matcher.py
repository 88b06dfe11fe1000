"""The matcher: versions of resources held against Subscriptions, beside writing them."""

import time
from datetime import UTC, datetime
from itertools import count

from alerting.subscriptions.matcher import Matcher
from benchmarks.bed import open_bed
from benchmarks.report import Row
from benchmarks.rounds import Lap, Size, compare
from fhir.search.indexing import draft
from fhir.subscriptions.codes import CONTENT, FILTER
from fhir.subscriptions.topics import ALERTS
from fhir.subscriptions.wanted import wanted
from fhir.values import Json
from store.database import Database
from store.resources import put_many
from store.subscriptions import state
from store.subscriptions.state import Asked, Status

NAME = "matcher"
VERSIONS, PER_COMMIT, SUBSCRIPTIONS = 5_000, 64, 100


async def run(size: Size) -> list[Row]:
    """Versions per second, each wanted by one of the Subscriptions, events numbered."""
    versions = size.of(VERSIONS, PER_COMMIT)
    async with open_bed() as bed:
        for number in range(SUBSCRIPTIONS):
            await _subscribe(bed.database, number)
        matcher, ids = Matcher(bed.database), count()

        async def write() -> Lap:
            return await _write(bed.database, versions, ids)

        async def match() -> Lap:
            began = time.perf_counter()
            while await matcher.turn():
                pass
            return versions, time.perf_counter() - began

        await match()  # its cursor is at what the Subscriptions themselves were written with
        bare, case = f"put_many, {PER_COMMIT} a commit", f"{SUBSCRIPTIONS} Subscriptions"
        speeds = await compare({bare: write, case: match}, size.rounds)
    note = "Flags; each Subscription is of one patient, each version is one event"
    return [
        speeds[bare].row(NAME, bare, "versions"),
        speeds[case].row(NAME, f"matched against {case}", "versions", bare, note),
    ]


async def _write(database: Database, versions: int, ids: "count[int]") -> Lap:
    began = time.perf_counter()
    for first in range(0, versions, PER_COMMIT):
        number = min(PER_COMMIT, versions - first)
        async with database.transaction() as tx:
            await put_many(tx, [draft(_flag(next(ids))) for _ in range(number)])
    return versions, time.perf_counter() - began


def _flag(number: int) -> Json:
    return {
        "resourceType": "Flag",
        "id": f"flag-{number}",
        "status": "active",
        "code": {"text": "pause"},
        "subject": {"reference": f"Patient/p{number % SUBSCRIPTIONS}"},
    }


async def _subscribe(database: Database, number: int) -> None:
    """A Subscription as the API stores it, active."""
    filter_ = f"Flag?patient=Patient/p{number}"
    body: Json = {
        "resourceType": "Subscription",
        "id": f"s{number}",
        "status": "requested",
        "reason": "Benchmark",
        "criteria": ALERTS,
        "_criteria": {"extension": [{"url": FILTER, "valueString": filter_}]},
        "channel": {"type": "websocket", "payload": "application/fhir+json"},
    }
    body["channel"]["_payload"] = {"extension": [{"url": CONTENT, "valueCode": "id-only"}]}
    asked = wanted(body)
    async with database.transaction() as tx:
        (stored,) = await put_many(tx, [draft(body)])
        values = Asked(
            id=f"s{number}",
            client="benchmark",
            scopes=("system/*.rs",),
            status=Status.ACTIVE,
            channel=asked.channel.value,
            topic=ALERTS,
            ends=None,
        )
        await state.request(tx, values, stored.last_updated, datetime.now(UTC))
