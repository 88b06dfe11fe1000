"""FHIR reads among a million Observations beside a bare FastAPI route, answers of equal size."""

import random
from collections.abc import Callable

import httpx

from benchmarks.bed import open_bed
from benchmarks.beside_bare import readings
from benchmarks.population import CODES, Population, populate
from benchmarks.report import Row
from benchmarks.rounds import Size
from fhir.codes import LOINC
from fhir.values import instant

NAME = "reads"
CONNECTIONS = (1, 8, 32)


async def run(size: Size) -> list[Row]:
    """Requests per second and latency: one resource, a page of fifty, the latest of each code."""
    rows: list[Row] = []
    draw = random.Random(7)  # noqa: S311 (a choice that repeats)
    async with open_bed() as bed:
        population = await populate(bed.database, bed.url, size.observations)
        cases: dict[str, tuple[Callable[[random.Random, Population], str], int]] = {
            "read one vital sign": (_read, 2000),
            "search patient, code, date: 50": (_page, 300),
            f"$lastn of {len(CODES)} codes": (_lastn, 100),
        }
        async with readings(NAME, bed, size) as beside:
            for case, (path, full) in cases.items():
                title = f"{case}, of {population.count:,}"
                for connections in CONNECTIONS:
                    paths = [path(draw, population) for _ in range(size.of(full, 10))]
                    rows += await beside.rows(title, paths, connections)
    return rows


def _read(draw: random.Random, population: Population) -> str:
    return f"/fhir/Observation/{population.some_id(draw)}"


def _page(draw: random.Random, population: Population) -> str:
    query = httpx.QueryParams(
        patient=draw.choice(population.patients),
        code=f"{LOINC}|{draw.choice(CODES)}",
        date=f"ge{instant(population.some_time(draw))}",
        _count="50",
    )
    return f"/fhir/Observation?{query}"


def _lastn(draw: random.Random, population: Population) -> str:
    codes = ",".join(f"{LOINC}|{code}" for code in CODES)
    query = httpx.QueryParams(patient=draw.choice(population.patients), code=codes)
    return f"/fhir/Observation/$lastn?{query}"
