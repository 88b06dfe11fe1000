"""Current versions by type and id: reads that come together are answered by one statement.

A read waits for nobody while no statement is under way. Meanwhile reads gather, and the next
statement answers all of them; a second one is sent beside the first once CROWD of them wait, or
the first is LATE_S old: a connection that hangs must not hold up everybody. A statement begins
after each of its reads was asked for, so a read sees whatever was committed before it.
"""

import asyncio
from collections.abc import Sequence
from typing import Any

import orjson

from core.errors import Gone, NotFound, TooBusy, Unavailable
from store.database import Database
from store.resources import Document, Key

LANES, CROWD = 2, 16
"""Statements at a time; more of them, or earlier, would answer fewer reads each."""
LATE_S = 0.1
BATCH_MAX = 100
WAITING_MAX = 2000

_READ = (
    "SELECT r.type, r.id, r.version, r.last_updated, r.deleted, r.body, r.render, r.patient_id"
    " FROM unnest($1::text[], $2::text[]) AS wanted (type, id)"
    # LIMIT: one index look-up per key, whatever the planner knows of the table.
    " CROSS JOIN LATERAL (SELECT * FROM resource"
    "   WHERE type = wanted.type AND id = wanted.id LIMIT 1) AS r"
)

_Read = tuple[Key, asyncio.Future[Document | None]]


class Reader:
    """Reads current versions."""

    def __init__(self, database: Database) -> None:
        self._direct = database.direct(LANES)
        self._waiting: list[_Read] = []
        self._working = self._late = 0
        self._lanes: set[asyncio.Task[None]] = set()

    async def read(self, type_: str, id_: str) -> Document:
        """The current version. Raises NotFound, Gone if it has been deleted, TooBusy, Unavailable.

        What is no text in PostgreSQL (NUL, half of a surrogate pair) is not the id of anything.
        """
        found = await self._ask((type_, id_)) if _is_text(id_) else None
        if found is None:
            raise NotFound(f"there is no {type_}/{id_}")
        if found.deleted:
            raise Gone(f"{type_}/{id_} was deleted in version {found.version}", found.patient_id)
        return found

    async def _ask(self, key: Key) -> Document | None:
        if len(self._waiting) >= WAITING_MAX:
            raise TooBusy("too many reads are waiting")
        answer: asyncio.Future[Document | None] = asyncio.get_running_loop().create_future()
        self._waiting.append((key, answer))
        self._help()
        return await answer

    def _help(self) -> None:
        """Send one more statement, where those under way are too slow for all that wait."""
        crowd = CROWD * (self._working - self._late)
        if self._working < LANES and len(self._waiting) > crowd:
            self._working += 1
            lane = asyncio.create_task(self._work())
            self._lanes.add(lane)  # the loop itself would let it be collected
            lane.add_done_callback(self._lanes.discard)

    async def _work(self) -> None:
        """Answer until nobody waits."""
        try:
            while self._waiting:
                batch, self._waiting = self._waiting[:BATCH_MAX], self._waiting[BATCH_MAX:]
                await self._in_time(batch)
        finally:
            self._working -= 1

    async def _in_time(self, batch: Sequence[_Read]) -> None:
        """Answer a batch; the others wait for it LATE_S and no longer."""
        late = False

        def tell() -> None:
            nonlocal late
            late = True
            self._late += 1
            self._help()

        timer = asyncio.get_running_loop().call_later(LATE_S, tell)
        try:
            await self._answer(batch)
        finally:
            timer.cancel()
            self._late -= late

    async def _answer(self, batch: Sequence[_Read]) -> None:
        keys = list(dict.fromkeys(key for key, _ in batch))
        types, ids = [type_ for type_, _ in keys], [id_ for _, id_ in keys]
        try:
            rows = await self._direct.fetch(_READ, types, ids)
            found = {(row[0], row[1]): document(row) for row in rows}
        except Exception as error:
            _refuse(batch, error)
            return
        for key, answer in batch:
            if not answer.done():  # its request may have been cancelled
                answer.set_result(found.get(key))


def _is_text(name: str) -> bool:
    try:
        return b"\0" not in name.encode()
    except UnicodeEncodeError:
        return False


def document(row: Sequence[Any]) -> Document:
    """A row of the columns of a version, as the driver itself gives it."""
    type_, id_, version, last_updated, deleted, body, render, patient_id = row
    rendered = None if render is None else orjson.loads(render)
    return Document(type_, id_, version, last_updated, deleted, body, rendered, patient_id)


def _refuse(batch: Sequence[_Read], error: Exception) -> None:
    """Tell all of them, each by an exception of its own: a shared one would gather tracebacks."""
    kind = Unavailable if isinstance(error, Unavailable) else RuntimeError
    for _, answer in batch:
        if not answer.done():
            told = kind(f"a read failed: {error}")
            told.__cause__ = error
            answer.set_exception(told)
