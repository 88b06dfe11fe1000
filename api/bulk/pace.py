"""How often a job may be asked after, and how much is written out at once, in one process."""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from core.errors import TooBusy

POLLS_MAX = 20
PER_S = 10.0
_JOBS_MAX = 1000
DOWNLOADS_MAX = 32
AT_ONCE = 2
"""Batches that are rendered at the same time; between two of them others have their turn."""


class Pace:
    """Bounds for everybody together; each job has its own count of polls."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.batches = asyncio.Semaphore(AT_ONCE)
        self._clock = clock
        self._polls: OrderedDict[str, tuple[float, int]] = OrderedDict()
        self._downloads = 0

    def poll(self, job: str) -> None:
        """Count a look at a running job. Raises TooBusy after many within seconds."""
        now = self._clock()
        since, count = self._polls.pop(job, (now, 0))
        since, count = (since, count + 1) if now - since < PER_S else (now, 1)
        self._polls[job] = since, count
        if len(self._polls) > _JOBS_MAX:
            self._polls.popitem(last=False)
        if count > POLLS_MAX:
            raise TooBusy("the job is asked after too often; please heed Retry-After")

    @contextmanager
    def download(self) -> Iterator[None]:
        """One file on its way. Raises TooBusy where there are many."""
        if self._downloads >= DOWNLOADS_MAX:
            raise TooBusy("many files are being fetched just now")
        self._downloads += 1
        try:
            yield
        finally:
            self._downloads -= 1
