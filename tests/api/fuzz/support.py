"""Requests as a hostile client puts them on the wire, and what every answer must be."""

import asyncio
import os
import time
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

import orjson
from hypothesis import HealthCheck, Phase, settings
from starlette.types import ASGIApp, Message

from core.json_text import dumps
from fhir.values import Json
from fhir.xml.reader import from_xml
from tests.conformance.checker import conformant

FACTOR = int(os.environ.get("HISBUNDLE_FUZZ", "1"))
"""So many times more examples, other ones at each run: to look for what is still unknown."""
FAULT = 500
MOST_S = 20.0
"""What takes longer than this has no bound; idle, an answer takes milliseconds."""
Headers = Iterable[tuple[str | bytes, str | bytes]]


@dataclass
class Answer:
    """An answer as it goes to the client."""

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    def json(self) -> Any:
        """The body as plain data."""
        return orjson.loads(self.body)


def words(text: str) -> list[str]:
    """The words of a text: a list that stays on few lines."""
    return text.split()


def bounded(examples: int) -> settings:
    """So many examples, the same ones each time, with nothing to be made smaller."""
    return settings(
        max_examples=examples * FACTOR,
        deadline=None,
        derandomize=FACTOR == 1,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )


@dataclass(frozen=True)
class Wire:
    """The application behind a server that lets every byte through (uvicorn lets most)."""

    app: ASGIApp
    token: str

    async def send(
        self, method: str, target: str | bytes, headers: Headers = (), body: bytes = b""
    ) -> Answer:
        """The answer to a request, held against what all answers must be."""
        raw = target if isinstance(target, bytes) else target.encode("utf-8", "replace")
        path, _, query = raw.partition(b"?")
        given = [(_bytes(name).lower(), _bytes(value)) for name, value in headers]
        names = {name for name, _ in given}
        own = [(b"host", b"ecg.test"), (b"authorization", b"Bearer " + self.token.encode())]
        scope: dict[str, Any] = {
            "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "scheme": "http",
            "method": method, "path": unquote(path.decode("latin-1")), "raw_path": path,
            "query_string": query, "root_path": "", "client": ("127.0.0.1", 1),
            "server": ("ecg.test", 80),
            "headers": [pair for pair in own if pair[0] not in names] + given,
        }  # fmt: skip
        answer = Answer()
        began = time.monotonic()
        await self.app(scope, _once(body), _into(answer))
        asked = f"{method} {raw!r} {given} {body[:2000]!r}"
        assert time.monotonic() - began < MOST_S, asked
        assert 200 <= answer.status < FAULT, asked
        checked(answer, method, scope["path"])
        return answer

    def through(self) -> Callable[..., Answer]:
        """``send`` for a thread beside the loop that runs now, such as hypothesis's."""
        loop = asyncio.get_running_loop()
        return lambda *request: asyncio.run_coroutine_threadsafe(self.send(*request), loop).result()


async def beside(work: Callable[[], None]) -> None:
    """Run hypothesis in a thread, for its tests are no coroutines."""
    await asyncio.to_thread(work)


def checked(answer: Answer, method: str, path: str) -> None:
    """Assert that an answer is FHIR where it says so, an error above all."""
    if method == "HEAD" or answer.status == 304:
        return
    type_ = answer.headers.get("content-type", "")
    told: Json | None = None
    if type_.startswith("application/fhir+xml"):
        told = from_xml(answer.body)
        conformant(dumps(told))
    elif type_.startswith("application/fhir+json"):
        conformant(answer.body)
        told = orjson.loads(answer.body)
    if answer.status >= 400 and not path.startswith("/auth/"):
        assert told is not None and told["resourceType"] == "OperationOutcome", answer.body[:500]


def _bytes(text: str | bytes) -> bytes:
    return text if isinstance(text, bytes) else text.encode("utf-8", "replace")


def _once(body: bytes) -> Callable[[], Awaitable[Message]]:
    given = iter([{"type": "http.request", "body": body, "more_body": False}])

    async def receive() -> Message:
        return next(given, {"type": "http.disconnect"})

    return receive


def _into(answer: Answer) -> Callable[[Message], Awaitable[None]]:
    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            answer.status = message["status"]
            answer.headers = {
                name.decode("latin-1").lower(): value.decode("latin-1")
                for name, value in message["headers"]
            }
        elif message["type"] == "http.response.body":
            answer.body += message.get("body", b"")

    return send
