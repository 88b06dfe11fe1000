"""HTTP/1.1 GETs over kept-alive connections; a child process of the benchmark ``fhir``."""

import asyncio
import time
from collections.abc import Iterator

from benchmarks.bed import HOST
from benchmarks.child import Message, follow


async def obey(order: Message) -> Message:
    """Fetch all ``paths`` from ``port``, as many at a time as there are ``connections``.

    Answers with latencies in seconds, body sizes, and what it all took.
    """
    waiting, took, sizes = iter(order["paths"]), list[float](), list[int]()
    connections = [
        await asyncio.open_connection(HOST, order["port"], limit=2**22)
        for _ in range(order["connections"])
    ]
    began, began_cpu = time.perf_counter(), time.process_time()
    await asyncio.gather(
        *(_fetch(*pair, waiting, order["token"], took, sizes) for pair in connections)
    )
    seconds, cpu_s = time.perf_counter() - began, time.process_time() - began_cpu
    for _, writer in connections:
        writer.close()
    return {"seconds": seconds, "cpu_s": cpu_s, "took": took, "sizes": sizes}


async def _fetch(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    paths: Iterator[str],
    token: str,
    took: list[float],
    sizes: list[int],
) -> None:
    for path in paths:
        request = f"GET {path} HTTP/1.1\r\nHost: {HOST}\r\nAuthorization: Bearer {token}\r\n\r\n"
        began = time.perf_counter()
        writer.write(request.encode())
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        if not head.startswith(b"http/1.1 200"):
            raise RuntimeError(f"{path}: {head[:80]!r}")
        size = int(head.partition(b"content-length:")[2].split(b"\r\n", 1)[0])
        await reader.readexactly(size)
        took.append(time.perf_counter() - began)
        sizes.append(size)


if __name__ == "__main__":
    follow(obey)
