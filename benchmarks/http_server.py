"""An HTTP server in a process of its own: the service's application, or a bare route beside it.

A child process of the benchmarks; both are served by ``hisbundle.http``, in one event loop.
"""

import asyncio
import time
from pathlib import Path

from fastapi import FastAPI, Response

from api.enrolment import Enrolment, MqttAddress
from api.main import create_app
from api.tokens import KEY_FILE, load_or_create_key
from benchmarks.bed import HOST, bench_settings
from benchmarks.child import Message, follow
from core.issuer import LocalIssuer
from core.settings import Settings
from hisbundle.heap import settle
from hisbundle.http import serve_http
from hisbundle.logs import configure_logs
from hisbundle.parts import assemble
from ingest.enrol import load_authority, load_enrolment_key
from store.database import Database

_JSON = "application/fhir+json; charset=utf-8"
_serving: set[asyncio.Task[None]] = set()


async def obey(order: Message) -> Message:
    """Serve on ``port``, or tell how much CPU time this process has used.

    With ``url`` it is the service on that database and ``folder``, else a route that answers
    with so many ``bytes``.
    """
    if "port" in order:
        settings = bench_settings(Path(order["folder"]), int(order["port"]))
        await _serve(await _app(order, settings), settings)
    return {"cpu_s": time.process_time()}


async def _app(order: Message, settings: Settings) -> FastAPI:
    return await _service(order, settings) if "url" in order else _constant(order["bytes"])


async def _service(order: Message, settings: Settings) -> FastAPI:
    configure_logs("ERROR", as_json=False)
    parts = assemble(settings, Database(order["url"]))
    key = await load_enrolment_key(parts.database, parts.vault)
    authority = await load_authority(parts.database, parts.vault)
    enrolment = Enrolment(parts.vault, key, MqttAddress(HOST, 8883, None), LocalIssuer(authority))
    token_key = load_or_create_key(settings.data_dir / KEY_FILE)
    return create_app(parts.database, parts.keys, settings, token_key, enrolment)


def _constant(n_bytes: int) -> FastAPI:
    app, body = FastAPI(), bytes(n_bytes)

    @app.get("/", response_model=None)
    async def constant() -> Response:
        return Response(body, media_type=_JSON)

    return app


async def _serve(app: FastAPI, settings: Settings) -> None:
    """Return once connections are accepted."""
    started = asyncio.Event()
    serving = asyncio.create_task(serve_http(app, settings, started.set))
    waiting = asyncio.create_task(started.wait())
    await asyncio.wait({serving, waiting}, return_when=asyncio.FIRST_COMPLETED)
    if serving.done():
        serving.result()
    _serving.add(serving)
    settle()


if __name__ == "__main__":
    follow(obey)
