import asyncio

import pytest

from api.renderings import Renderings
from core.errors import TooBusy


async def test_so_many_at_once_and_so_many_waiting() -> None:
    renderings = Renderings(at_once=2, waiting_max=1)
    open_, most, now = asyncio.Event(), 0, 0

    async def render() -> None:
        nonlocal most, now
        async with renderings.turn():
            now += 1
            most = max(most, now)
            await open_.wait()
            now -= 1

    tasks = [asyncio.create_task(render()) for _ in range(3)]
    await asyncio.sleep(0)
    with pytest.raises(TooBusy):
        await render()
    open_.set()
    await asyncio.gather(*tasks)
    assert most == 2


async def test_a_rendering_that_fails_or_is_given_up_makes_room() -> None:
    renderings = Renderings(at_once=1, waiting_max=1)
    for _ in range(3):
        with pytest.raises(ValueError, match="no"):
            async with renderings.turn():
                raise ValueError("no")
    async with renderings.turn():
        waiting = asyncio.create_task(renderings.turn().__aenter__())
        await asyncio.sleep(0)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
    async with renderings.turn():
        pass
