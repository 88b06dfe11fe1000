"""A program that ends well when asked: SIGINT and SIGTERM cancel it, once."""

import asyncio
import os
import signal
import threading
import time
from collections.abc import Callable, Coroutine

import structlog
import uvloop

_PARENT_LOOK_S = 0.3

log = structlog.get_logger(__name__)


def end_with_parent() -> None:
    """From now on, send ourselves SIGTERM when the process that started us is gone.

    For one that was killed: a Ctrl-C at the terminal reaches us without it.
    """
    parent = os.getppid()

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(_PARENT_LOOK_S)
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, daemon=True).start()


def run_until_signal(work: Coroutine[object, object, None]) -> None:
    """Run ``work`` to its end, or until SIGINT or SIGTERM cancels it; both return normally.

    A second signal has its default effect: it does not wait. Servers that are ours end then
    too, by their keepers.
    """
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_cancellable(work))


async def _cancellable(work: Coroutine[object, object, None]) -> None:
    loop = asyncio.get_running_loop()
    task = loop.create_task(work)
    asked = False

    def ask(number: signal.Signals) -> Callable[[], None]:
        def stop() -> None:
            nonlocal asked
            asked = True
            log.info("stopping", signal=number.name)
            for each in (signal.SIGINT, signal.SIGTERM):
                loop.remove_signal_handler(each)
            task.cancel()

        return stop

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, ask(number))
    try:
        await task
    except asyncio.CancelledError:
        if not asked:
            raise
