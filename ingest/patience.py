"""Waiting for something that is away: try again, more and more slowly, and say so."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

import structlog

from core.errors import Unavailable
from ingest import metrics

RETRY_MIN_S, RETRY_MAX_S = 0.1, 5.0
LOG_EVERY_S = 5.0

log = structlog.get_logger(__name__)
T = TypeVar("T")


class Patience:
    """Retries what is away until it is closed; the caller bounds how many wait at a time."""

    def __init__(self) -> None:
        self._log_after = 0.0
        self._closed = asyncio.Event()

    def close(self) -> None:
        """Whoever waits here gets the Unavailable that they wait out."""
        self._closed.set()

    async def until_available(self, work: Callable[[], Awaitable[T]]) -> T:
        """What ``work`` returns once it no longer raises Unavailable; it must be idempotent.

        Any other error is passed on at once.
        """
        retry_s = RETRY_MIN_S
        while True:
            try:
                return await work()
            except Unavailable as error:
                self._tell(error)
                if await self._closed_within(retry_s):
                    raise
            retry_s = min(2 * retry_s, RETRY_MAX_S)

    async def _closed_within(self, wait_s: float) -> bool:
        try:
            async with asyncio.timeout(wait_s):
                return await self._closed.wait()
        except TimeoutError:
            return False

    def _tell(self, error: Unavailable) -> None:
        """Thousands of frames may wait for one outage: one line every few seconds says so."""
        metrics.RETRIES.inc()
        if time.monotonic() >= self._log_after:
            self._log_after = time.monotonic() + LOG_EVERY_S
            log.warning("ingest.waiting", error=str(error))
