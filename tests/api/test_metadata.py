import re
from dataclasses import replace

import httpx
import pytest
from fastapi import FastAPI
from joserfc.jwk import ECKey

from api.enrolment import Enrolment
from api.main import create_app
from api.metrics import SCOPE
from api.tokens import issue
from core.keyring import KeyRing
from core.settings import Settings
from fhir.audit.declaration import AUDIT_EVENT
from fhir.profiles.catalogue import TYPES as CONFORMANCE
from fhir.profiles.catalogue import catalogue
from fhir.search.registry import TYPES
from store.database import Database
from tests.api.conftest import Scoped
from tests.api.support import BASE, Client, heart_rate, patient, store

DECLARED = {**TYPES, "AuditEvent": AUDIT_EVENT}


@pytest.mark.parametrize("path", ["/metadata", "/fhir/metadata"])
async def test_the_statement_says_what_is_there(stranger: Client, path: str) -> None:
    statement = (await stranger.get(path)).json()
    assert statement["fhirVersion"] == "4.0.1"
    assert statement["kind"] == "instance"
    assert statement["implementation"]["url"] == BASE
    resources = {r["type"]: r for r in statement["rest"][0]["resource"]}
    assert set(resources) == {*DECLARED, *CONFORMANCE}
    ours = catalogue()["StructureDefinition"].values()
    for name in ("Observation", "DiagnosticReport", "Flag"):
        wanted = {profile["url"] for profile in ours if profile["type"] == name}
        assert set(resources[name]["supportedProfile"]) == wanted


async def test_every_declared_parameter_is_served(stranger: Client, client: Client) -> None:
    statement = (await stranger.get("metadata")).json()
    values = {"token": "a", "reference": "a", "date": "2026", "quantity": "1"}
    for resource in statement["rest"][0]["resource"]:
        for param in resource.get("searchParam", []):
            value = values.get(param["type"], "a")
            await client.get(f"{resource['type']}?{param['name']}={value}")
            assert param["definition"].startswith("http")
        told = [i["code"] for i in resource["interaction"]]
        assert len(set(told)) == len(told)
        if resource["type"] in CONFORMANCE:
            assert told == ["read", "search-type"]
            continue
        assert told == [i.value for i in DECLARED[resource["type"]].interactions]


async def test_every_include_is_served(stranger: Client, client: Client) -> None:
    statement = (await stranger.get("metadata")).json()
    for resource in statement["rest"][0]["resource"]:
        for asked, told in (("_include", "searchInclude"), ("_revinclude", "searchRevInclude")):
            wanted = "&".join(f"{asked}={value}" for value in resource.get(told, []))
            if wanted:
                await client.get(f"{resource['type']}?{wanted}")


async def test_health(stranger: Client, database: Database) -> None:
    body = (await stranger.get("/health")).json()
    assert body["status"] == "ok"
    assert body["checks"]["database"]["last_resource_at"] is None
    await store(database, patient("p1"))
    body = (await stranger.get("/health")).json()
    assert body["checks"]["database"]["last_resource_at"].endswith("Z")


async def test_without_a_database(
    keyring: KeyRing, settings: Settings, token_key: ECKey, app: FastAPI
) -> None:
    away = Database("postgresql://nobody@127.0.0.1:1/nothing")
    enrolment: Enrolment = app.state.site.enrolment
    transport = httpx.ASGITransport(create_app(away, keyring, settings, token_key, enrolment))
    headers = {"Authorization": f"Bearer {issue(token_key, ['system/*.rs'], 60)}"}
    async with httpx.AsyncClient(
        transport=transport, base_url="http://ecg.test", headers=headers
    ) as http:
        client = Client(http)
        assert (await client.get("/health", 503)).json()["status"] == "unavailable"
        answer = await client.get("Patient/p1", 503)
        assert answer.headers["retry-after"]
        assert "postgresql" not in answer.text
        assert "127.0.0.1" not in answer.text
        await client.get("metadata")
    await away.close()


async def test_an_error_of_ours_tells_nothing(client: Client, app: FastAPI) -> None:
    app.state.site = replace(app.state.site, reader=None)
    await store(app.state.site.database, patient("secret"))
    answer = await client.get("Patient/secret", 500)
    assert "reader" not in answer.text
    assert answer.headers["x-request-id"]


async def test_request_ids_are_taken_over_if_harmless(stranger: Client) -> None:
    answer = await stranger.get("metadata", headers={"X-Request-Id": "abc-1"})
    assert answer.headers["x-request-id"] == "abc-1"
    answer = await stranger.get("metadata", headers={"X-Request-Id": "a b\tc"})
    assert re.fullmatch(r"[0-9a-f]{32}", answer.headers["x-request-id"])


async def test_metrics_name_routes_and_no_patient(with_scopes: Scoped, database: Database) -> None:
    client = with_scopes(SCOPE, "system/*.rs")
    await store(database, patient("p-secret"))
    await client.get("Patient/p-secret")
    text = (await client.get("/metrics")).text
    assert 'route="/fhir/Patient/{id}"' in text
    assert "p-secret" not in text


async def test_large_answers_are_compressed(client: Client, database: Database) -> None:
    await store(database, *(heart_rate(f"o{n}", minute=n) for n in range(20)))
    answer = await client.get("Observation?_count=20", headers={"Accept-Encoding": "gzip"})
    assert answer.headers["content-encoding"] == "gzip"
    small = await client.get("Observation?_count=0", headers={"Accept-Encoding": "gzip"})
    assert "content-encoding" not in small.headers


async def test_public_url_is_the_base_of_all_links(
    client: Client, app: FastAPI, settings: Settings
) -> None:
    changed = settings.model_copy(update={"public_url": "https://ecg.hospital.test/gateway/"})
    app.state.site = replace(app.state.site, settings=changed)
    statement = (await client.get("metadata")).json()
    assert statement["implementation"]["url"] == "https://ecg.hospital.test/gateway/fhir"
