"""A subscriber that is down for a day, then slow, then failing, then gone, and we are killed."""

import asyncio
import contextlib
import os
import shutil
import signal
import sys
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from core.errors import Unavailable
from fhir.subscriptions import codes
from hisbundle.embedded.postgres import EmbeddedPostgres
from hisbundle.migrate import migrate
from store.database import Database
from store.subscriptions.state import State, Status
from tests.alerting.subscriptions import feed
from tests.alerting.subscriptions.hook import DOWN, Hook, listening
from tests.api.subscriptions.test_events import events
from tests.api.support import Client
from tests.fhir.subscriptions.samples import extension, subscription

HOUR_S = 3600.0
WAIT_S = 30.0


@pytest.fixture
async def postgres(reachable_folder: Path) -> AsyncIterator[EmbeddedPostgres]:
    """A cluster of this test's own, restarted when it dies."""
    server = EmbeddedPostgres(reachable_folder / "faults")
    await asyncio.to_thread(server.start)
    await migrate(server.url)
    keeping = asyncio.create_task(server.supervise())
    yield server
    await asyncio.to_thread(server.stop)
    await keeping
    shutil.rmtree(server.place.home)


@pytest.fixture
def database_url(postgres: EmbeddedPostgres) -> str:
    return postgres.url


@dataclass
class World:
    """Everything that can be killed, and the time."""

    postgres: EmbeddedPostgres
    database: Database
    hook: Hook
    folder: Path
    written: int = 0
    passed_s: float = 0.0
    process: asyncio.subprocess.Process | None = None

    @property
    def clock(self) -> Path:
        return self.folder / "clock"

    async def start(self) -> None:
        self.process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "tests.alerting.subscriptions.worker", self.database_url),
            *(str(self.clock), str(self.hook.ca), str(self.hook.port)),
            cwd=Path(__file__).parents[3],
            stdout=asyncio.subprocess.DEVNULL,
        )

    @property
    def database_url(self) -> str:
        return self.postgres.url

    async def kill(self) -> None:
        """Kill -9 of the worker, and another one in its place."""
        assert self.process is not None
        self.process.kill()
        await self.process.wait()
        await self.start()

    def kill_postgres(self) -> None:
        pid = (self.postgres.place.data / "postmaster.pid").read_text().split("\n")[0]
        os.kill(int(pid), signal.SIGKILL)

    def let_pass(self, seconds: float) -> None:
        self.passed_s += seconds
        draft = self.clock.with_suffix(".new")
        draft.write_text(str(self.passed_s))
        draft.rename(self.clock)

    async def write(self, count: int) -> None:
        for _ in range(count):
            self.written += 1
            await self._put(f"f{self.written}")

    async def _put(self, id_: str) -> None:
        while True:
            with contextlib.suppress(Unavailable):
                await feed.put(self.database, feed.flag(id_))
                return
            await asyncio.sleep(0.05)

    async def standing(self) -> State:
        while True:
            with contextlib.suppress(Unavailable):
                return await feed.standing(self.database, "s1")
            await asyncio.sleep(0.05)

    async def until(self, condition: Callable[[State], bool]) -> State:
        async with asyncio.timeout(WAIT_S):
            while True:
                found = await self.standing()
                if condition(found):
                    return found
                await asyncio.sleep(0.05)

    async def until_taken(self) -> None:
        """Time passes, a minute at a time, until all that was written is taken."""
        async with asyncio.timeout(WAIT_S):
            while (await self.standing()).delivered < self.written:
                self.let_pass(60)
                await asyncio.sleep(0.1)
        assert list(dict.fromkeys(self.hook.taken)) == list(range(1, self.written + 1))


@pytest.fixture
async def world(
    postgres: EmbeddedPostgres, database: Database, tmp_path: Path
) -> AsyncIterator[World]:
    (tmp_path / "clock").write_text("0")
    async with listening(tmp_path) as hook:
        made = World(postgres, database, hook, tmp_path)
        await made.start()
        yield made
        assert made.process is not None
        made.process.kill()
        await made.process.wait()


async def test_every_event_in_order_or_found_by_its_number(world: World, client: Client) -> None:
    hook = world.hook
    seconds = [extension(codes.TIMEOUT, valueUnsignedInt=1)]
    body = subscription(channel={"endpoint": hook.url, "extension": seconds})
    await feed.subscribe(world.database, "s1", body)
    await world.until(lambda s: s.status is Status.ACTIVE)

    hook.status = DOWN  # for almost a day
    await world.write(5)
    await world.until(lambda s: s.attempts > 0)
    for _ in range(11):
        world.let_pass(2 * HOUR_S)
        await world.write(1)
        await asyncio.sleep(0.1)
    await world.kill()
    world.kill_postgres()
    await world.write(2)
    assert (await world.standing()).status is Status.ACTIVE
    hook.status = 200
    await world.until_taken()

    hook.delay_s = 3.0  # slower than it said it would be, then only slow
    hook.begun.clear()
    await world.write(3)
    await hook.begun.wait()
    await world.kill()
    hook.delay_s = 0.3
    await world.until_taken()

    hook.delay_s, hook.status = 0.0, 500
    await world.write(3)
    await world.until(lambda s: s.attempts > 1)
    world.kill_postgres()
    await world.write(3)
    await world.kill()
    hook.status = 200
    await world.until_taken()

    hook.status = 410
    before = world.written
    await world.write(4)
    found = await world.until(lambda s: s.status is Status.ERROR)
    assert "410" in str(found.error)
    await world.kill()
    await world.write(2)
    await world.until(lambda s: s.events == world.written)
    world.let_pass(48 * HOUR_S)
    assert hook.taken[-1] == before
    told = await client.get(f"Subscription/s1/$events?eventsSinceNumber={before + 1}")
    missed = [int(number) for number, _ in events(told.json())]
    assert missed == list(range(before + 1, world.written + 1))


async def test_down_for_more_than_a_day_it_is_in_error_and_stays(world: World) -> None:
    body = subscription(channel={"endpoint": world.hook.url})
    await feed.subscribe(world.database, "s1", body)
    await world.until(lambda s: s.status is Status.ACTIVE)
    world.hook.status = DOWN
    await world.write(2)
    await world.until(lambda s: s.attempts > 0)
    world.let_pass(24 * HOUR_S)
    await world.until(lambda s: s.status is Status.ERROR)
    world.hook.status = 200
    await world.kill()
    await world.write(1)
    found = await world.until(lambda s: s.events == 3)
    assert (found.status, found.delivered, world.hook.taken) == (Status.ERROR, 0, [])
    await feed.subscribe(world.database, "s1", body)
    await world.until_taken()
