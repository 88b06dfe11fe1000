"""Two clients that others wrote, against a server on a socket."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import uvicorn
from fastapi import FastAPI
from fhirclient import client as smart
from fhirclient.models.flag import Flag
from fhirclient.models.observation import Observation
from fhirclient.models.patient import Patient
from fhirpy import AsyncFHIRClient
from fhirpy.base.exceptions import OperationOutcome, ResourceNotFound
from joserfc.jwk import ECKey

from api.tokens import issue
from store.database import Database
from tests.api.support import flag, heart_rate, patient, store, strip


@pytest.fixture
async def base(app: FastAPI, database: Database) -> AsyncIterator[str]:
    """The URL of the FHIR server, with 25 heart rates of one patient."""
    await store(
        database,
        patient("p1", name=[{"family": "Doe", "given": ["Jane"]}], birthDate="1970-05-17"),
        *(heart_rate(f"hr{n:02}", minute=n, value=60 + n) for n in range(25)),
        strip("s0"),
        flag("f1", "p1", "active", "2026-03-01T12:00:00Z"),
    )
    config = uvicorn.Config(app, log_config=None, lifespan="off")
    server = uvicorn.Server(config)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        # Connections wait in the socket's queue until the server is up.
        serving = asyncio.create_task(server.serve([listening]))
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/fhir"
        server.should_exit = True
        await serving


@pytest.fixture
def token(token_key: ECKey) -> str:
    return issue(token_key, ["system/*.rs"], 60)


async def test_fhirpy(base: str, token: str) -> None:
    client = AsyncFHIRClient(base, authorization=f"Bearer {token}")
    person = await client.resources("Patient").search(identifier="MRN-p1").first()
    assert person is not None
    assert person["name"][0]["family"] == "Doe"
    rates = client.resources("Observation").search(patient=person.id, code="8867-4")
    everything = await rates.limit(7).fetch_all()
    assert [rate.id for rate in everything] == [f"hr{n:02}" for n in reversed(range(25))]
    assert await rates.count() == 25
    late = rates.search(date__ge="2026-03-01T12:20:00Z").sort("date")
    assert [rate["valueQuantity"]["value"] async for rate in late] == [80, 81, 82, 83, 84]
    read = await client.reference("Observation", "hr07").to_resource()
    assert read["valueQuantity"]["value"] == 67
    with pytest.raises(ResourceNotFound):
        await client.reference("Observation", "nobody").to_resource()
    with pytest.raises(OperationOutcome):
        await client.resources("Observation").search(unicorn="1").fetch()


def _scripted(base: str, token: str) -> list[str]:
    settings = {"app_id": "test", "api_base": base}
    server = smart.FHIRClient(settings=settings).server
    server.session.headers["Authorization"] = f"Bearer {token}"
    statement = server.capabilityStatement
    assert statement.fhirVersion == "4.0.1"
    person = Patient.read("p1", server)
    assert person.birthDate.isostring == "1970-05-17"
    search = Observation.where({"patient": "p1", "code": "8867-4", "_count": "10"})
    found = [str(rate.id) for rate in search.perform_resources_iter(server)]
    (one,) = Observation.where({"_id": "s0"}).perform_resources_iter(server)
    assert one.component[0].valueSampledData.period == 8
    (active,) = Flag.where({"patient": "p1", "status": "active"}).perform_resources_iter(server)
    assert active.subject.reference == "Patient/p1"
    server.session.close()
    return found


async def test_fhirclient(base: str, token: str) -> None:
    found = await asyncio.to_thread(_scripted, base, token)
    assert found == [f"hr{n:02}" for n in reversed(range(25))]


async def test_head_has_no_body_and_answers_keep_their_length(base: str, token: str) -> None:
    headers = {"Authorization": f"Bearer {token}", "Accept-Encoding": "identity"}
    async with httpx.AsyncClient(headers=headers) as http:
        head = await http.head(f"{base}/Patient/p1")
        got = await http.get(f"{base}/Patient/p1")
        assert head.content == b""
        assert head.headers["content-length"] == got.headers["content-length"]
        for path in ("/Observation", "/Observation/hr01", "/metadata"):
            packed = await http.get(base + path, headers={"Accept-Encoding": "gzip"})
            assert packed.json() == (await http.get(base + path)).json()


async def test_many_at_once(base: str, token: str) -> None:
    headers = {"Authorization": f"Bearer {token}"}
    limits = httpx.Limits(max_connections=40)
    async with httpx.AsyncClient(headers=headers, limits=limits, timeout=30) as http:

        async def ask(n: int) -> Any:
            return (await http.get(f"{base}/Observation/hr{n % 25:02}")).status_code

        assert set(await asyncio.gather(*(ask(n) for n in range(200)))) == {200}


async def test_a_client_that_hangs_up_disturbs_nobody(base: str, token: str) -> None:
    port = int(base.split(":")[2].split("/")[0])
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"POST /fhir/Observation/_search HTTP/1.1\r\nHost: x\r\n")
    writer.write(f"Authorization: Bearer {token}\r\nContent-Length: 1000\r\n\r\ncode=".encode())
    await writer.drain()
    writer.close()
    with contextlib.suppress(ConnectionError):
        await writer.wait_closed()
    async with httpx.AsyncClient(headers={"Authorization": f"Bearer {token}"}) as http:
        assert (await http.get(f"{base}/Patient/p1")).status_code == 200
