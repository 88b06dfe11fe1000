"""Wake-up calls over LISTEN/NOTIFY on one connection that mends itself.

https://www.postgresql.org/docs/current/sql-notify.html. A NOTIFY that was sent while the
connection was down is lost; so every (re)connection wakes everybody, and nobody waits for a
call that will never come. Workers poll as well: a wake-up only makes them faster.
"""

import asyncio
import contextlib
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any
from weakref import WeakSet

import structlog

from core.errors import Unavailable

_PROBE_S = 30.0
_RETRY_MIN_S, _RETRY_MAX_S = 0.1, 5.0

log = structlog.get_logger(__name__)


class Wake:
    """One worker's ear on a channel. Calls that come while it works are not lost."""

    def __init__(self, channel: str) -> None:
        self.channel = channel
        self._called = asyncio.Event()

    def call(self) -> None:
        """Wake whoever waits, or the next who will."""
        self._called.set()

    async def wait(self, timeout_s: float) -> bool:
        """Return at a call, at a reconnection, or after ``timeout_s``; False after the last."""
        try:
            async with asyncio.timeout(timeout_s):
                await self._called.wait()
        except TimeoutError:
            return False
        self._called.clear()
        return True


class Listener:
    """Keeps one connection listening on every channel that somebody has an ear on."""

    def __init__(self, connect: Callable[[], AbstractAsyncContextManager[Any]]) -> None:
        self._connect = connect
        self._wakes: WeakSet[Wake] = WeakSet()
        self._changed = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def subscribe(self, channel: str) -> Wake:
        """An ear on ``channel``, which is awake at first."""
        wake = Wake(channel)
        wake.call()
        self._wakes.add(wake)
        self._changed.set()
        if self._task is None:
            self._task = asyncio.create_task(self._run(), name="postgres-listener")
        return wake

    async def close(self) -> None:
        """Stop listening."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
            self._task = None

    async def _run(self) -> None:
        retry_s = _RETRY_MIN_S
        while True:
            try:
                async with self._connect() as connection:
                    retry_s = _RETRY_MIN_S
                    await self._serve(connection)
            except Unavailable as error:
                log.warning("listener.away", error=str(error), retry_s=retry_s)
            except Exception as error:
                # Whatever it is, a worker that is never woken would be worse; it polls meanwhile.
                log.error("listener.failed", error=repr(error), retry_s=retry_s)
            await asyncio.sleep(retry_s)
            retry_s = min(2 * retry_s, _RETRY_MAX_S)

    async def _serve(self, connection: Any) -> None:
        """Listen until the connection is lost."""
        channels: set[str] = set()
        # asyncpg calls this from the transport, so a lost socket ends the wait at once.
        connection.add_termination_listener(lambda _: self._changed.set())
        while not connection.is_closed():
            self._changed.clear()
            for channel in {wake.channel for wake in self._wakes} - channels:
                await connection.add_listener(channel, self._on_notify)
                channels.add(channel)
                self._call(channel)
            try:
                async with asyncio.timeout(_PROBE_S):
                    await self._changed.wait()
            except TimeoutError:
                await connection.fetchval("SELECT 1")  # a peer that vanished sends no FIN

    def _on_notify(self, _connection: object, _pid: int, channel: str, _payload: object) -> None:
        self._call(channel)

    def _call(self, channel: str) -> None:
        for wake in self._wakes:
            if wake.channel == channel:
                wake.call()
