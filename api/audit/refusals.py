"""Requests of nobody we know: each address's first is written down, the rest are counted.

A flood of them costs an entry per address and WINDOW_S, and as little memory. They disclose
nothing, so that their answers do not fail with the trail.
"""

import asyncio
from dataclasses import dataclass

import structlog
from starlette.types import Scope

from api.audit.entries import refused
from core.audit import Entry
from core.errors import Unavailable
from store.auditor import Auditor

WINDOW_S = 60.0
MAX_ADDRESSES = 1000
_OTHERS = "others"
"""Where addresses beyond MAX_ADDRESSES are counted together."""
_log = structlog.get_logger(__name__)


@dataclass(slots=True)
class _Window:
    """The latest refusal of an address, and how many there were after the first."""

    entry: Entry
    more: int = 0


class Refusals:
    """Writes refusals to the trail, many in one entry."""

    def __init__(
        self, auditor: Auditor, public_url: str | None, window_s: float = WINDOW_S
    ) -> None:
        self._auditor = auditor
        self._public_url = public_url
        self._window_s = window_s
        self._windows: dict[str, _Window] = {}
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def note(self, scope: Scope, status: int) -> None:
        """A request was refused with ``status``."""
        address = (scope.get("client") or ("unknown",))[0]
        if address not in self._windows and len(self._windows) >= MAX_ADDRESSES:
            address = _OTHERS
        entry = refused(scope, self._public_url, status)
        window = self._windows.get(address)
        if window is not None:
            window.entry, window.more = entry, window.more + 1
            return
        self._windows[address] = _Window(entry)
        loop = asyncio.get_running_loop()
        self._timers[address] = loop.call_later(self._window_s, self._close, address)
        await self._write(entry)

    async def closed(self) -> None:
        """Write what has been counted so far, without waiting for the windows to end."""
        for timer in list(self._timers.values()):
            timer.cancel()
        for address in list(self._windows):
            self._close(address)
        await asyncio.gather(*self._tasks)

    def _close(self, address: str) -> None:
        window = self._windows.pop(address)
        del self._timers[address]
        if window.more:
            told = window.entry._replace(repeats=window.more)
            task = asyncio.get_running_loop().create_task(self._write(told))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _write(self, entry: Entry) -> None:
        try:
            await self._auditor.record([entry])
        except Unavailable as error:
            _log.warning("refusal not in the audit trail", reason=str(error))
