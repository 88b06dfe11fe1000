"""What is written of each kind of request, as an auditor reads it (IHE BALP)."""

import json

import httpx

from store.database import Database
from tests.api.audit.support import events, patients, request, roles, trail
from tests.api.conftest import Scoped
from tests.api.support import Client, heart_rate, patient, store

BALP = "https://profiles.ihe.net/ITI/BALP/StructureDefinition/IHE.BasicAudit"
HEADERS = {"X-Request-Id": "ask-1"}


async def test_a_read_names_resource_version_patient_caller_and_request(
    database: Database, client: Client
) -> None:
    await store(database, patient("p1"), heart_rate("o1"))
    await client.get("Observation/o1", headers=HEADERS)
    (event,) = await events(client)
    assert event["meta"]["profile"] == [f"{BALP}.PatientRead"]
    assert event["subtype"][0]["code"] == "read"
    assert (event["action"], event["outcome"]) == ("R", "0")
    assert roles(event) == {"client": "110152", "server": "110153"}
    assert patients(event) == ["Patient/p1"]
    whats = [entity.get("what", {}) for entity in event["entity"]]
    assert {"reference": "Observation/o1/_history/1"} in whats
    assert {"identifier": {"value": "ask-1"}} in whats
    assert request(event) == "GET http://ecg.test/fhir/Observation/o1"
    bearer = event["agent"][2]
    assert bearer["requestor"]
    assert bearer["policy"][0].startswith("urn:ietf:params:oauth:jti:")


async def test_a_search_is_an_event_for_each_patient_and_keeps_its_query(
    database: Database, client: Client
) -> None:
    people = [patient(f"p{n}") for n in range(3)]
    rates = [heart_rate(f"o{n}", f"p{n % 3}") for n in range(6)]
    await store(database, *people, *rates)
    await client.get("Observation?code=8867-4&_count=50")
    found = await events(client)
    assert [patients(event) for event in found] == [[f"Patient/p{n}"] for n in range(3)]
    for event in found:
        assert event["meta"]["profile"] == [f"{BALP}.PatientQuery"]
        assert (event["action"], event["subtype"][0]["code"]) == ("E", "search-type")
        assert roles(event) == {"client": "110153", "server": "110152"}
        assert request(event) == "GET http://ecg.test/fhir/Observation?code=8867-4&_count=50"


async def test_a_search_that_finds_nothing_is_an_event_too(client: Client) -> None:
    await client.get("Observation?code=nothing%27%20OR%201=1")
    (event,) = await events(client)
    assert event["meta"]["profile"] == [f"{BALP}.Query"]
    assert patients(event) == []
    assert request(event).endswith("?code=nothing%27%20OR%201=1")


async def test_a_search_by_post_keeps_its_form(database: Database, client: Client) -> None:
    await store(database, patient("p1"))
    form = {"identifier": "urn:oid:1.2.36.146|MRN-p1"}
    await client.send("POST", "Patient/_search", 200, data=form)
    (event,) = await events(client)
    head, _, body = request(event).partition("\r\n\r\n")
    assert head == "POST http://ecg.test/fhir/Patient/_search"
    assert dict(httpx.QueryParams(body)) == form
    assert patients(event) == ["Patient/p1"]


async def test_an_operation_by_post_keeps_its_parameters(
    database: Database, client: Client
) -> None:
    await store(database, patient("p1"))
    values = {"patient": "p1", "category": "vital-signs"}
    parameters = [{"name": name, "valueString": value} for name, value in values.items()]
    sent = {"resourceType": "Parameters", "parameter": parameters}
    headers = {"Content-Type": "application/fhir+json"}
    await client.send("POST", "Observation/$lastn", 200, json=sent, headers=headers)
    (event,) = await events(client)
    assert json.loads(request(event).partition("\r\n\r\n")[2]) == sent


async def test_vread_and_history(database: Database, client: Client) -> None:
    await store(database, patient("p1"))
    await client.get("Patient/p1/_history/1")
    await client.get("Patient/p1/_history")
    vread, history = await events(client)
    assert vread["meta"]["profile"] == [f"{BALP}.PatientRead"]
    assert vread["subtype"][0]["code"] == "vread"
    assert history["subtype"][0]["code"] == "history-instance"
    assert roles(history) == {"client": "110152", "server": "110153"}
    assert patients(vread) == patients(history) == ["Patient/p1"]


async def test_what_is_nobodys(database: Database, client: Client) -> None:
    await store(database, {"resourceType": "Device", "id": "d1", "status": "active"})
    await client.get("Device/d1")
    (event,) = await events(client)
    assert event["meta"]["profile"] == [f"{BALP}.Read"]
    assert patients(event) == []


async def test_what_is_refused_or_not_there(
    database: Database, client: Client, with_scopes: Scoped, stranger: Client
) -> None:
    await store(database, patient("p1"))
    await client.get("Patient/p2", 404)
    await client.get("Patient?unknown=1", 400)
    await with_scopes("system/Flag.rs").get("Patient/p1", 403)
    await stranger.get("Patient/p1", 401)
    found = await events(client)
    assert [(e["outcome"], e["outcomeDesc"]) for e in found] == [
        ("4", f"HTTP {status}") for status in (404, 400, 403, 401)
    ]
    assert all("profile" not in event["meta"] and not patients(event) for event in found)
    assert roles(found[2])["client"]
    assert found[3]["agent"][0]["who"] == {"display": "unknown"}


async def test_what_tells_nothing_of_anybody_is_not_written_down(
    database: Database, stranger: Client, client: Client
) -> None:
    for path in ("/health", "/metadata", "/fhir/metadata", "/.well-known/smart-configuration"):
        await stranger.get(path)
    await client.get("/metrics")
    assert await trail(database) == []
