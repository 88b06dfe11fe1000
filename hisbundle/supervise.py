"""Roles kept running: restarted after a failure, with growing pauses, until they give up."""

import asyncio
import time
from collections.abc import Awaitable, Callable

import structlog

from core.errors import Incorrect

FIRST_PAUSE_S = 0.5
LONGEST_PAUSE_S = 30.0
FAILURES_IN_A_ROW = 12
"""About four minutes; then the whole process ends, and whatever runs it decides."""
HEALTHY_AFTER_S = 60.0

log = structlog.get_logger(__name__)


async def keep_running(
    name: str, run: Callable[[], Awaitable[None]], first_pause_s: float = FIRST_PAUSE_S
) -> None:
    """Run ``run`` again whenever it fails or returns; ends by cancellation.

    Raises the last failure after twelve in a row (a run of a minute counts as healthy), and
    Incorrect at once.
    """
    failures = 0
    while True:
        begun = time.monotonic()
        try:
            await run()
            log.warning("role ended by itself", role=name)
        except Incorrect:  # a setting, or an artefact: it will not be right the next time
            raise
        except Exception as error:
            failures = 1 if time.monotonic() - begun > HEALTHY_AFTER_S else failures + 1
            log.exception("role failed", role=name, failures=failures)
            if failures >= FAILURES_IN_A_ROW:
                raise error
        await asyncio.sleep(min(first_pause_s * 2**failures, LONGEST_PAUSE_S))


async def end(task: asyncio.Task[None]) -> None:
    """Cancel a task, unless somebody has, and wait until it has cleaned up."""
    if not task.cancelling():  # a second time would cut the cleaning up short
        task.cancel()
    await asyncio.wait([task])
