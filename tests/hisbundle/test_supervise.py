"""Roles that are kept running."""

import asyncio

import pytest

from core.errors import Incorrect, Unavailable
from hisbundle.supervise import FAILURES_IN_A_ROW, end, keep_running


async def test_a_role_that_fails_or_returns_is_run_again() -> None:
    runs: list[int] = []
    through = asyncio.Event()

    async def role() -> None:
        runs.append(len(runs))
        if len(runs) == 1:
            raise Unavailable("away")
        if len(runs) == 3:
            through.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(keep_running("test", role, first_pause_s=0.001))
    async with asyncio.timeout(5):
        await through.wait()
    await end(task)
    assert task.cancelled()
    assert len(runs) == 3


async def test_a_role_that_keeps_failing_ends_with_its_error() -> None:
    runs = 0

    async def role() -> None:
        nonlocal runs
        runs += 1
        raise Unavailable("away")

    with pytest.raises(Unavailable, match="away"):
        await asyncio.wait_for(keep_running("test", role, first_pause_s=0.0001), 10)
    assert runs == FAILURES_IN_A_ROW


async def test_what_can_never_be_right_is_not_tried_again() -> None:
    runs = 0

    async def role() -> None:
        nonlocal runs
        runs += 1
        raise Incorrect("no such setting")

    with pytest.raises(Incorrect):
        await asyncio.wait_for(keep_running("test", role), 5)
    assert runs == 1


async def test_end_does_not_cut_short_what_somebody_else_cancelled() -> None:
    cleaned = False

    async def role() -> None:
        nonlocal cleaned
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0.05)
            cleaned = True

    task = asyncio.create_task(role())
    await asyncio.sleep(0)
    task.cancel()  # as a task group does when one of its tasks fails
    await asyncio.sleep(0)
    await end(task)
    assert cleaned


async def test_end_waits_for_the_cleaning_up() -> None:
    cleaned = False

    async def role() -> None:
        nonlocal cleaned
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0.05)
            cleaned = True

    task = asyncio.create_task(role())
    await asyncio.sleep(0)
    await end(task)
    assert cleaned
