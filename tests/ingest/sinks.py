"""Small real sinks: they keep what they are given in memory."""

import asyncio
from collections.abc import Callable
from uuid import UUID

from core.errors import Incorrect
from core.topics import device_of_chunk_topic
from ingest.frames import DUPLICATE, STORED, Frame, Outcome, Refusal, refused


async def until(condition: Callable[[], bool]) -> None:
    """For what announces itself to nobody."""
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.002)


class MemorySink:
    """Stores frames under their payload; its gate, while shut, holds every commit back."""

    def __init__(self) -> None:
        self.stored: list[bytes] = []
        self.topics: list[str] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self.failure: Exception | None = None
        self.n_waiting = 0
        self.n_submitted = 0
        self._seen: set[bytes] = set()
        self._changed = asyncio.Condition()

    async def submit(self, frame: Frame) -> Outcome:
        self.n_submitted += 1
        self.n_waiting += 1
        try:
            await self._tell()
            await self.gate.wait()
        finally:
            self.n_waiting -= 1
        if self.failure is not None:
            raise self.failure
        outcome = self._judge(frame)
        if outcome is STORED:
            self._seen.add(frame.payload)
            self.stored.append(frame.payload)
            self.topics.append(frame.topic)
        await self._tell()
        return outcome

    def _judge(self, frame: Frame) -> Outcome:
        try:
            device = device_of_chunk_topic(frame.topic)
        except Incorrect as error:
            return refused(Refusal.WRONG_TOPIC, str(error))
        if frame.identity not in (None, device):
            return refused(Refusal.FOREIGN)
        if frame.payload.startswith(b"malformed"):
            return refused(Refusal.MALFORMED)
        if frame.payload.startswith(b"conflict"):
            return refused(Refusal.CONFLICT)
        return DUPLICATE if frame.payload in self._seen else STORED

    async def _tell(self) -> None:
        async with self._changed:
            self._changed.notify_all()

    async def until_stored(self, n: int) -> None:
        async with asyncio.timeout(20), self._changed:
            await self._changed.wait_for(lambda: len(self.stored) >= n)

    async def until_submitted(self, n: int) -> None:
        async with asyncio.timeout(20), self._changed:
            await self._changed.wait_for(lambda: self.n_submitted >= n)

    async def until_waiting(self, n: int) -> None:
        async with asyncio.timeout(20), self._changed:
            await self._changed.wait_for(lambda: self.n_waiting >= n)


class Passwords:
    """Authentication by a table."""

    def __init__(self) -> None:
        self.table: dict[str, bytes] = {}
        self.n_asked = 0

    def add(self, device_id: UUID, password: bytes = b"secret") -> None:
        self.table[str(device_id)] = password

    async def __call__(self, username: str, password: bytes) -> UUID | None:
        self.n_asked += 1
        return UUID(username) if self.table.get(username) == password else None
