"""Publishes of one connection that the ingest core has not yet settled.

Settled in the order of arrival, as MQTT asks of PUBACKs (OASIS MQTT 5.0, 4.6).
"""

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable, Sequence

from ingest.frames import ChunkSink, Frame, Outcome

Settled = tuple[int | None, Frame, Outcome]
"""Packet identifier (None at QoS 0), frame and outcome."""


class InFlight:
    """Hands frames to a sink and reports their outcomes, in order and in bunches.

    ``on_settled`` is called with every run of outcomes that has become known; ``on_failure``
    once, with what the sink raised: that frame and all after it stay unacknowledged.
    """

    def __init__(
        self,
        sink: ChunkSink,
        on_settled: Callable[[Sequence[Settled]], None],
        on_failure: Callable[[BaseException], None],
    ) -> None:
        self._sink = sink
        self._on_settled = on_settled
        self._on_failure = on_failure
        self._order: deque[tuple[int | None, Frame, asyncio.Task[Outcome]]] = deque()
        self._loop = asyncio.get_running_loop()
        self._due = False
        self._idle = asyncio.Event()
        self._idle.set()
        self.n_unacked = 0
        """Those of QoS 1."""

    def __len__(self) -> int:
        return len(self._order)

    def start(self, frame: Frame, packet_id: int | None) -> None:
        """Hand one frame over."""
        self._idle.clear()
        task = self._loop.create_task(_submit(self._sink, frame))
        self._order.append((packet_id, frame, task))
        self.n_unacked += packet_id is not None
        task.add_done_callback(self._woken)

    def _woken(self, task: asyncio.Task[Outcome]) -> None:
        if not task.cancelled():
            task.exception()  # marks it as seen, should its connection be gone
        if not self._due:  # one commit settles many: gather them, write once
            self._due = True
            self._loop.call_soon(self._settle)

    def _settle(self) -> None:
        self._due = False
        settled: list[Settled] = []
        failure: BaseException | None = None
        while failure is None and self._order and self._order[0][2].done():
            packet_id, frame, task = self._order.popleft()
            failure = asyncio.CancelledError() if task.cancelled() else task.exception()
            if failure is None:
                settled.append((packet_id, frame, task.result()))
                self.n_unacked -= packet_id is not None
        if settled:
            self._on_settled(settled)
        if failure is not None:
            self._on_failure(failure)
        if failure is not None or not self._order:
            self._idle.set()

    async def wait(self, timeout_s: float) -> None:
        """Return when all outcomes have been reported, on failure, or after ``timeout_s``."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                await self._idle.wait()

    def release(self) -> list[asyncio.Task[Outcome]]:
        """Forget all; the tasks that still run, for the caller to keep or to cancel."""
        tasks = [task for _, _, task in self._order if not task.done()]
        self._order.clear()
        self.n_unacked = 0
        self._idle.set()
        return tasks


async def _submit(sink: ChunkSink, frame: Frame) -> Outcome:
    return await sink.submit(frame)
