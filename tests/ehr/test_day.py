"""A hospital's day, by three clients that others wrote, while 100 observations a second arrive."""

import asyncio
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest
from fhirclient import client as smart
from fhirclient.models.observation import Observation
from fhirclient.models.patient import Patient
from fhirpy import AsyncFHIRClient

from tests.ehr.hospital import (
    MRN,
    OBSERVATIONS,
    Hospital,
    being_written,
    data_folder,
    heart_rate,
    open_hospital,
)
from tests.ehr.hospital import START as BEGIN
from tests.journey.stack import Service, running
from tests.npm import CACHE, SCRIPTS, environment, packages

NODE = Path(__file__).parent / "node"


@pytest.fixture
async def hospital(reachable_folder: Path) -> AsyncIterator[Hospital]:
    async with running(Service(data_folder(reachable_folder))) as service:
        yield await open_hospital(service)


def nothing_lost(hospital: Hospital, paged: list[str]) -> None:
    """No id twice, none of those that were there before is missing, the newest first."""
    assert len(paged) == len(set(paged))
    assert set(hospital.seeded) <= set(paged)
    assert set(paged) <= {*hospital.seeded, *hospital.written}
    before = [name for name in paged if name.startswith("hr-")]
    assert before == sorted(before, reverse=True)


async def by_fhirpy(hospital: Hospital) -> None:
    client = AsyncFHIRClient(hospital.base, authorization=f"Bearer {await hospital.token()}")
    person = await client.resources("Patient").search(identifier="|".join(MRN)).first()
    assert person is not None
    params = {"patient": person.id, "code": "8867-4,59408-5"}
    latest = await client.execute("Observation/$lastn", method="get", params=params)
    newest = max(hospital.seeded)
    assert [entry["resource"]["id"] for entry in latest["entry"]] == [newest]
    rates = client.resources("Observation").search(patient=person.id, code="8867-4")
    nothing_lost(hospital, [rate.id for rate in await rates.limit(200).sort("-date").fetch_all()])
    found = (
        await client.resources("Observation")
        .search(_id=newest)
        .include("Observation", "subject")
        .fetch_raw()
    )
    modes = [(entry["search"]["mode"], entry["resource"]["id"]) for entry in found["entry"]]
    assert modes == [("match", newest), ("include", person.id)]
    made: Any = client.resource("Observation", **_without_id(heart_rate("", BEGIN, 61.5)))
    await made.save()
    assert made.id
    made["status"] = "amended"
    await made.save()
    history = await client.execute(f"Observation/{made.id}/_history", method="get")
    assert [entry["resource"]["status"] for entry in history["entry"]] == ["amended", "final"]
    await made.delete()


def _without_id(body: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in body.items() if name not in ("id", "resourceType")}


def by_fhirclient(hospital: Hospital, token: str) -> list[str]:
    server = smart.FHIRClient(settings={"app_id": "day", "api_base": hospital.base}).server
    server.session.headers["Authorization"] = f"Bearer {token}"
    (person,) = Patient.where({"identifier": "|".join(MRN)}).perform_resources_iter(server)
    assert person.name[0].family == "Purkyně"
    latest = server.request_json(f"Observation/$lastn?patient={person.id}&category=vital-signs")
    assert latest["entry"][0]["resource"]["id"] == max(hospital.seeded)
    search = Observation.where(
        {"patient": person.id, "code": "8867-4", "_count": "500", "_sort": "-date"}
    )
    paged = [str(rate.id) for rate in search.perform_resources_iter(server)]
    older = server.request_json(f"Observation/{paged[-1]}/_history")
    assert older["entry"][0]["resource"]["id"] == paged[-1]
    one = Observation.read(paged[0], server)
    assert one.valueQuantity.code == "/min"
    server.session.close()
    return paged


def by_fhir_kit_client(hospital: Hospital, token: str) -> dict[str, Any]:
    library = packages(NODE, CACHE / "fhir-kit-client") / "fhir-kit-client" / "dist" / "index.js"
    wanted = hospital.seeded[123]
    command = [
        str(SCRIPTS / "node"), str(NODE / "day.mjs"), str(library), hospital.base, token,
        "|".join(MRN), wanted,
    ]  # fmt: skip
    done = subprocess.run(
        command, env=environment(), capture_output=True, text=True, timeout=240, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
    day: dict[str, Any] = orjson.loads(done.stdout)
    return day


async def test_an_ehrs_day(hospital: Hospital) -> None:
    assert len(hospital.seeded) == OBSERVATIONS
    async with being_written(hospital):
        await by_fhirpy(hospital)
        nothing_lost(
            hospital,
            await asyncio.to_thread(by_fhirclient, hospital, await hospital.token()),
        )
        day = await asyncio.to_thread(by_fhir_kit_client, hospital, await hospital.token())
    wanted = hospital.seeded[123]
    assert day["patient"] == "day"
    assert day["latest"] == [max(hospital.seeded)]
    nothing_lost(hospital, day["heartRates"])
    assert day["included"] == [["match", wanted], ["include", "day"]]
    assert day["amended"] == {"before": 1, "versions": [2, 1]}
    assert day["exported"]["Patient"] == 1
    assert day["exported"]["Observation"] >= OBSERVATIONS
    # What was answered was written: the gateway never waited for the readers.
    async with httpx.AsyncClient(
        headers={"Authorization": f"Bearer {await hospital.token()}"}
    ) as http:
        counted = await http.get(f"{hospital.base}/Observation?_summary=count")
    assert counted.json()["total"] == OBSERVATIONS + len(hospital.written)
