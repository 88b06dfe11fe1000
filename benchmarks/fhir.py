"""FHIR reads over HTTP beside a bare FastAPI route on the same server, answers of equal size."""

import asyncio
import random
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta

import httpx
from fastapi import FastAPI, Response

from api.enrolment import Enrolment, MqttAddress
from api.main import create_app
from api.tokens import KEY_FILE, issue, load_or_create_key
from benchmarks.bed import HOST, open_bed
from benchmarks.child import Child, load_generator
from benchmarks.clinic import STARTED, Clinic, fill
from benchmarks.report import Row
from benchmarks.rounds import Contender, Lap, Size, compare, percentiles_ms
from core.settings import Settings
from fhir import codes
from fhir.codes import Code
from hisbundle.http import serve_http
from ingest.enrol import load_enrolment_key

NAME = "fhir"
CONNECTIONS = 8
_JSON = "application/fhir+json; charset=utf-8"


class Reading:
    """One kind of request, and the bare route beside it; keeps what the client saw."""

    def __init__(self, child: Child, port: int, token: str, paths: Sequence[str]) -> None:
        self._child, self._port, self._token, self._paths = child, port, token, paths
        self.took: list[float] = []
        self.sizes: list[int] = []
        self.client_us = 0.0

    async def lap(self) -> Lap:
        """Fetch all paths once, over eight connections."""
        seen = await self._child.ask(
            port=self._port, token=self._token, connections=CONNECTIONS, paths=list(self._paths)
        )
        self.took += seen["took"]
        self.sizes += seen["sizes"]
        self.client_us = seen["cpu_s"] / len(self._paths) * 1e6
        return len(self._paths), float(seen["seconds"])


async def run(size: Size) -> list[Row]:
    """Requests per second and latency: one resource, a page of fifty, a strip with its samples."""
    async with open_bed() as bed, load_generator("benchmarks.http_load") as child:
        clinic = await fill(bed, 20, size.of(100, 2))
        rows = _backlog(clinic)
        settings = bed.parts.settings
        token_key = load_or_create_key(settings.data_dir / KEY_FILE)
        token = issue(token_key, ("system/*.rs",), 3600)
        key = await load_enrolment_key(bed.database, bed.parts.vault)
        enrolment = Enrolment(bed.parts.vault, key, MqttAddress(HOST, 8883, None))
        app = create_app(bed.database, bed.parts.keys, settings, token_key, enrolment)
        async with _serving(app, settings):
            cases = await _cases(settings.http_port, token, clinic, size)
            for case, paths in cases.items():
                reading = Reading(child, settings.http_port, token, paths)
                rows += await _beside_bare(case, reading, settings, child, size)
    return rows


async def _beside_bare(
    case: str, reading: Reading, settings: Settings, child: Child, size: Size
) -> list[Row]:
    await reading.lap()  # caches and connections of the database warm
    answer_bytes = sorted(reading.sizes)[len(reading.sizes) // 2]
    beside = settings.model_copy(update={"http_port": settings.mqtt_port})  # no MQTT runs here
    bare = Reading(child, beside.http_port, "", ["/"] * size.of(1500, 10))
    reading.took = []
    name = f"bare FastAPI route, {answer_bytes:,} bytes"
    async with _serving(_constant(answer_bytes), beside):
        contenders: dict[str, Contender] = {name: bare.lap, case: reading.lap}
        speeds = await compare(contenders, size.rounds)
    rows = []
    for each, label, next_to in ((bare, name, ""), (reading, case, name)):
        p50, p99 = percentiles_ms(each.took)
        note = f"{CONNECTIONS} connections; client {each.client_us:.0f} µs CPU"
        row = speeds[label].row(NAME, label, "requests", next_to, note)
        rows.append(replace(row, p50_ms=p50, p99_ms=p99))
    return rows


def _backlog(clinic: Clinic) -> list[Row]:
    analysed, published = clinic.chunks / clinic.analysed_s, clinic.strips / clinic.published_s
    note = f"{published * 12:.0f} times real time"
    return [
        Row(NAME, "analysis worker, a backlog", analysed, "chunks", note="database included"),
        Row(NAME, "publisher, a backlog", published, "strips", note=note),
    ]


@asynccontextmanager
async def _serving(app: FastAPI, settings: Settings) -> AsyncIterator[None]:
    started = asyncio.Event()
    serving = asyncio.create_task(serve_http(app, settings, started.set))
    waiting = asyncio.create_task(started.wait())
    await asyncio.wait({serving, waiting}, return_when=asyncio.FIRST_COMPLETED)
    if serving.done():
        serving.result()
    try:
        yield
    finally:
        serving.cancel()
        await asyncio.wait([serving])


def _constant(n_bytes: int) -> FastAPI:
    app, body = FastAPI(), bytes(n_bytes)

    @app.get("/", response_model=None)
    async def constant() -> Response:
        return Response(body, media_type=_JSON)

    return app


async def _cases(port: int, token: str, clinic: Clinic, size: Size) -> dict[str, list[str]]:
    rates = await _ids(port, token, clinic, codes.HEART_RATE)
    strips = await _ids(port, token, clinic, codes.ECG_POTENTIAL)
    pages = [_page(patient, minute) for patient in clinic.patients for minute in range(5)]
    draw = random.Random(7)  # noqa: S311 (a choice that repeats)
    return {
        "read one heart rate": _some(draw, [f"/fhir/Observation/{id_}" for id_ in rates], size),
        "search patient, code, date: 50": _some(draw, pages, size, 0.15),
        "read one strip, samples opened": _some(
            draw, [f"/fhir/Observation/{id_}" for id_ in strips], size, 0.5
        ),
    }


def _some(draw: random.Random, paths: Sequence[str], size: Size, share: float = 1.0) -> list[str]:
    return draw.choices(paths, k=size.of(round(1000 * share), 10))


def _page(patient: str, minute: int) -> str:
    since = (STARTED + timedelta(minutes=minute)).strftime("%Y-%m-%dT%H:%M:%SZ")
    code = f"{codes.HEART_RATE.system}|{codes.HEART_RATE.code}"
    query = httpx.QueryParams(patient=patient, code=code, date=f"ge{since}", _count="50")
    return f"/fhir/Observation?{query}"


async def _ids(port: int, token: str, clinic: Clinic, code: Code) -> list[str]:
    """Some ids of every patient."""
    headers = {"Authorization": f"Bearer {token}"}
    found: list[str] = []
    async with httpx.AsyncClient(base_url=f"http://{HOST}:{port}", headers=headers) as http:
        for patient in clinic.patients:
            wanted = {"patient": patient, "code": f"{code.system}|{code.code}", "_count": "50"}
            answer = await http.get("/fhir/Observation", params=wanted)
            answer.raise_for_status()
            found += [entry["resource"]["id"] for entry in answer.json()["entry"]]
    return found
