"""A topic of an emulated Amazon SNS, in a process of its own, with a subscriber over HTTP."""

import asyncio
import os
import re
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass

import boto3

REGION = "eu-central-1"
_URL = re.compile(rb"http://127\.0\.0\.1:\d+")
_NOBODY = {
    "AWS_ACCESS_KEY_ID": "benchmark",
    "AWS_SECRET_ACCESS_KEY": "benchmark",
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
}


@dataclass(frozen=True, slots=True)
class Topic:
    """Where the emulator answers, and the topic's name there."""

    url: str
    arn: str


@asynccontextmanager
async def running_topic(subscriber: str) -> AsyncIterator[Topic]:
    """A topic whose messages are posted to the URL ``subscriber``; gone after the block."""
    with _credentials_of_nobody():
        emulator = await asyncio.create_subprocess_exec(
            *(sys.executable, "-u", "-m", "moto.server", "-H", "127.0.0.1", "-p", "0"),
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
        )
        reading: asyncio.Task[None] | None = None
        try:
            url = await _url(emulator)
            reading = asyncio.create_task(_read_on(emulator))
            yield Topic(url, await asyncio.to_thread(_subscribed, url, subscriber))
        finally:
            emulator.kill()
            await emulator.wait()
            if reading is not None:
                await reading


async def _url(emulator: asyncio.subprocess.Process) -> str:
    if emulator.stderr is not None:
        async for line in emulator.stderr:
            if found := _URL.search(line):
                return found[0].decode()
    raise RuntimeError("the emulator of SNS has ended")


async def _read_on(emulator: asyncio.subprocess.Process) -> None:
    if emulator.stderr is not None:  # it logs each request, and must not wait for a full pipe
        async for _ in emulator.stderr:
            pass


def _subscribed(url: str, subscriber: str) -> str:
    client = boto3.Session(region_name=REGION).client("sns", endpoint_url=url)
    arn = str(client.create_topic(Name="ward")["TopicArn"])
    client.subscribe(TopicArn=arn, Protocol="http", Endpoint=subscriber)
    client.close()
    return arn


@contextmanager
def _credentials_of_nobody() -> Iterator[None]:
    """Which only an emulator takes: nothing of this machine's is read."""
    before = {name: os.environ.pop(name) for name in list(os.environ) if name.startswith("AWS_")}
    os.environ.update(_NOBODY)
    try:
        yield
    finally:
        for name in _NOBODY:
            del os.environ[name]
        os.environ.update(before)
