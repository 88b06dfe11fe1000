"""Matcher and deliverer as a process of their own: database, clock's file, CA, port of the hook."""

import asyncio
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from alerting.subscriptions.attempt import Attempts
from alerting.subscriptions.deliverer import Deliverer
from alerting.subscriptions.matcher import Matcher
from store.auditor import Auditor
from store.database import Database
from tests.alerting.subscriptions.bed import road
from tests.alerting.subscriptions.hook import Hook


async def work(url: str, clock: Path, ca: Path, port: int) -> None:
    """Until killed. The time is the real one and as many seconds more as the file says."""

    def now() -> datetime:
        return datetime.now(UTC) + timedelta(seconds=float(clock.read_text() or 0))

    database, stop = Database(url), asyncio.Event()
    way = road(Hook(ca, port))
    attempts = Attempts(database, Auditor(database), way, now)
    await asyncio.gather(
        Matcher(database, now=now, poll_s=0.1).run(stop),
        Deliverer(database, attempts, now=now, poll_s=0.1).run(stop),
    )


if __name__ == "__main__":
    asyncio.run(work(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]), int(sys.argv[4])))
