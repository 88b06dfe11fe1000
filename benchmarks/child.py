"""Load from a process of its own, so that the client does not compete for the service's loop.

Parent and child talk in JSON lines over the child's standard input and output.
"""

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import uvloop

Message = dict[str, Any]
_LINE_MAX = 2**26
_ROOT = Path(__file__).parents[1]


class Child:
    """A running load generator."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def ask(self, **message: Any) -> Message:
        """Give an order and wait until it is carried out."""
        if self._process.stdin is None or self._process.stdout is None:
            raise RuntimeError("the load generator has no pipes")
        self._process.stdin.write(json.dumps(message).encode() + b"\n")
        line = await self._process.stdout.readline()
        if not line:
            raise RuntimeError("the load generator has ended; see its message above")
        answer: Message = json.loads(line)
        return answer


@asynccontextmanager
async def load_generator(module: str) -> AsyncIterator[Child]:
    """``python -m <module>`` for as long as the block."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", module),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        cwd=_ROOT,
        limit=_LINE_MAX,
    )
    try:
        yield Child(process)
    finally:
        if process.stdin is not None:
            process.stdin.close()  # the end of its orders ends it
        try:
            await asyncio.wait_for(process.wait(), 10)
        except TimeoutError:
            process.kill()
            await process.wait()


def follow(obey: Callable[[Message], Awaitable[Message]]) -> None:
    """The child's main loop: one answer for each order."""

    async def orders() -> None:
        while line := await asyncio.to_thread(sys.stdin.readline):
            print(json.dumps(await obey(json.loads(line))), flush=True)

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(orders())
