import re
from typing import Any

import httpx
from fastapi import FastAPI

from api.gate import OAUTH, PUBLIC
from store.database import Database
from tests.api.conftest import Scoped
from tests.api.support import BASE, Client, checked, patient, store


async def test_only_three_addresses_are_open(app: FastAPI, stranger: Client) -> None:
    document = app.openapi()
    assert document["paths"]
    for path, methods in document["paths"].items():
        for method in methods:
            url = re.sub(r"\{\w+\}", "1", path)
            answer = await stranger.http.request(method, url)
            if path in OAUTH:  # they speak OAuth, and find out by themselves who asks
                assert (answer.status_code, set(answer.json())) == (
                    400,
                    {"error", "error_description"},
                )
                continue
            assert (answer.status_code == 401) == (path not in PUBLIC), path
            if answer.status_code == 401:
                checked(answer)
                assert answer.headers["www-authenticate"].startswith("Bearer")


CLOSED = [
    "/",
    "/docs",
    "/openapi.json",
    "/metrics",
    "/fhir/health",
    "//fhir/metadata/x",
    "/fhir/Unicorn",
    "/health/",
    "/HEALTH",
    "/fhir/metadata/../Patient",
]


async def test_everything_else_needs_a_token(stranger: Client) -> None:
    for path in CLOSED:
        await stranger.get(f"http://ecg.test{path}", 401)


async def test_what_is_no_token(stranger: Client) -> None:
    for value in ("", "Bearer", "Bearer ", "Basic YTpi", "Bearer x.y.z", "é"):
        headers = {b"Authorization": value.encode("utf-8")}
        answer = await stranger.http.get(f"{BASE}/Patient", headers=headers)
        checked(answer)
        assert answer.status_code == 401


async def test_scopes(with_scopes: Scoped, database: Database) -> None:
    await store(database, patient("p1"))
    allowed = {
        "system/*.rs": (200, 200),
        "system/Patient.r": (200, 403),
        "system/Patient.s": (403, 200),
        "system/Observation.rs": (403, 403),
        "system/Patient.rs?gender=male": (403, 403),
        "system/Patient.rs?category=a": (403, 403),
        "patient/Patient.rs": (403, 403),
        "": (403, 403),
    }
    for scope, (read, search) in allowed.items():
        client = with_scopes(scope)
        await client.get("Patient/p1", read)
        await client.get("Patient/p1/_history", read)
        await client.get("Patient/p1/_history/1", read)
        await client.get("Patient", search)
        await client.send("POST", f"{BASE}/Patient/_search", search, data={})
    await with_scopes("system/*.rs").get("/metrics", 403)
    await with_scopes("system/*.rs").get("/enrolment/key", 403)


async def test_a_missing_resource_looks_the_same_as_a_forbidden_one(with_scopes: Scoped) -> None:
    await with_scopes("system/Flag.rs").get("Patient/nobody", 403)


async def test_the_wrong_method_needs_a_token_too(app: FastAPI) -> None:
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://ecg.test") as http:
        assert (await http.request("TRACE", "/fhir/Patient")).status_code == 401


async def test_a_refusal_says_what_is_wrong_with_the_token(
    stranger: Client, with_scopes: Scoped
) -> None:
    async def challenge(client: Client, status: int, **options: Any) -> str:
        answer = await client.get("Patient/p1", status, **options)
        return str(answer.headers["www-authenticate"])

    assert await challenge(stranger, 401) == 'Bearer realm="hisbundle"'
    forged = {"Authorization": "Bearer x.y.z"}
    assert 'error="invalid_token"' in await challenge(stranger, 401, headers=forged)
    poor = with_scopes("system/Flag.rs")
    assert 'error="insufficient_scope"' in await challenge(poor, 403)
