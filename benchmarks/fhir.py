"""From stored chunks to FHIR: a backlog worked off, and strips opened on reading."""

import random

import httpx

from benchmarks.bed import HOST, open_bed
from benchmarks.beside_bare import Server, readings
from benchmarks.clinic import Clinic, fill
from benchmarks.report import Row
from benchmarks.rounds import Size
from fhir.codes import ECG_POTENTIAL

NAME = "fhir"
CONNECTIONS = 8


async def run(size: Size) -> list[Row]:
    """The worker, the publisher, and strips per second."""
    async with open_bed() as bed:
        clinic = await fill(bed, 20, size.of(100, 2))
        rows = _backlog(clinic)
        async with readings(NAME, bed, size) as beside:
            strips = await _strips(beside.service, clinic)
            draw = random.Random(7)  # noqa: S311 (a choice that repeats)
            paths = draw.choices(strips, k=size.of(500, 10))
            rows += await beside.rows("read one strip, samples opened", paths, CONNECTIONS)
    return rows


def _backlog(clinic: Clinic) -> list[Row]:
    analysed, published = clinic.chunks / clinic.analysed_s, clinic.strips / clinic.published_s
    note = f"{published * 12:.0f} times real time"
    return [
        Row(NAME, "analysis worker, a backlog", analysed, "chunks", note="database included"),
        Row(NAME, "publisher, a backlog", published, "strips", note=note),
    ]


async def _strips(server: Server, clinic: Clinic) -> list[str]:
    """Paths of some strips of every patient."""
    headers = {"Authorization": f"Bearer {server.token}"}
    code = f"{ECG_POTENTIAL.system}|{ECG_POTENTIAL.code}"
    found: list[str] = []
    async with httpx.AsyncClient(base_url=f"http://{HOST}:{server.port}", headers=headers) as http:
        for patient in clinic.patients:
            wanted = {"patient": patient, "code": code, "_count": "50"}
            answer = await http.get("/fhir/Observation", params=wanted)
            answer.raise_for_status()
            entries = answer.json()["entry"]
            found += [f"/fhir/Observation/{entry['resource']['id']}" for entry in entries]
    return found
