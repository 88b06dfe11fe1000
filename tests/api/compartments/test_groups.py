"""Members of a group: whoever leaves it is out of sight at once."""

import time
from typing import Any

import httpx
import orjson
import pytest
from fastapi import FastAPI

from api.site import Site
from api.smart.registration import register
from core.errors import Incorrect
from fhir.access.compartments import REFRESH_S, Compartments, compartment
from fhir.values import Json
from store import clients
from store.database import Database
from tests.api.bulk.support import ASYNC, fetch, group, member, order, parsed, work
from tests.api.compartments.conftest import Confined
from tests.api.smart.support import JWKS, Service
from tests.api.support import store

pytestmark = pytest.mark.usefixtures("filled")


def _now(app: FastAPI) -> None:
    """As if the second had passed for which members are remembered."""
    here: Site = app.state.site
    here.smart.bearers.forget()


async def test_leaving_ends_access(confined: Confined, database: Database, app: FastAPI) -> None:
    await store(database, group("ward", member("p1"), member("p2")))
    client = await confined("p3", scopes="patient/*.rs", groups=("ward",))
    assert len(await client.ids("Patient")) == 3
    left = member("p1", period={"end": "2020-01-01"})
    await store(database, group("ward", left, member("p2", inactive=True)))
    _now(app)
    assert await client.ids("Patient") == ["p3"]
    await client.get("Observation/o1a", 404)


async def test_they_are_remembered_for_a_moment(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with database.transaction() as tx:
        for name in ("c", "d"):
            await clients.add(tx, name, name, ["patient/*.rs"], jwks={}, groups=("ward",))
    known = Compartments(database)
    await store(database, group("ward", member("p1")))
    assert await known.of("c") == {"p1"}
    await store(database, group("ward", member("p2")))
    assert await known.of("d") == {"p2"}
    later = time.monotonic() + REFRESH_S
    monkeypatch.setattr("fhir.access.compartments.time.monotonic", lambda: later)
    assert await known.of("c") == {"p2"}
    assert await known.of("unknown") == frozenset()


async def test_too_many_are_nobody(
    database: Database, monkeypatch: pytest.MonkeyPatch, confined: Confined
) -> None:
    monkeypatch.setattr("fhir.access.compartments.PATIENTS_MAX", 2)
    client = await confined(scopes="patient/*.rs", groups=("g",))
    await client.get("Patient", 403)
    async with database.transaction() as tx:
        assert await compartment(tx, None) == frozenset()


async def test_jobs_end_with_the_membership(
    confined: Confined, database: Database, app: FastAPI
) -> None:
    await store(database, group("ward", member("p1"), member("p2")))
    client = await confined(scopes="patient/*.rs", groups=("ward",))
    status = await order(client, "$export")
    await work(database)
    done = await fetch(client, status)
    assert sorted(done.ids("Observation")) == ["o1a", "o1b", "o2a", "o2b"]
    assert done.ids("Practitioner") == ["doc"]
    assert "Group" not in done.lines
    assert sorted(done.ids("Patient")) == ["p1", "p2"]
    waiting = await order(client, "Observation?code=8867-4")
    await store(database, group("ward", member("p2")))
    _now(app)
    for file in done.manifest["output"]:
        answer = await client.get(file["url"])
        if file["type"] == "Observation":
            assert sorted(line["id"] for line in parsed(answer)) == ["o2a", "o2b"]
    await work(database)
    assert sorted((await fetch(client, waiting)).ids("Observation")) == ["o2a", "o2b"]
    await store(database, group("ward"))
    _now(app)
    for file in done.manifest["output"]:
        await client.get(file["url"], 403)


async def test_jobs_of_an_owner_are_open_to_an_administrator(
    confined: Confined, database: Database, client: Any
) -> None:
    theirs = await confined("p1", scopes="patient/*.rs")
    status = await order(theirs, "Patient/$export?_type=Observation")
    await work(database)
    assert sorted((await fetch(client, status)).ids("Observation")) == ["o1a", "o1b"]
    other = await confined("p1", scopes="patient/*.rs")
    await other.get(status, 404)
    deletions = await order(theirs, "$export?_type=Observation&_since=2020-01-01T00:00:00Z")
    await theirs.send("DELETE", deletions, 202)
    await theirs.get("Patient/$export", 400)
    assert ASYNC["Prefer"] == "respond-async"


async def test_registration(database: Database) -> None:
    keys = orjson.dumps(JWKS)
    for scopes, patients, groups in (
        (("patient/*.rs",), (), ()),
        (("system/*.rs",), ("p1",), ()),
        (("patient/*.rs",), ("nobody",), ()),
        (("patient/*.rs",), (), ("nothing",)),
        (("patient/Group.rs",), ("p1",), ()),
        (("patient/*.rs",), ("p1",) * 1001, ()),
    ):
        async with database.transaction() as tx:
            with pytest.raises(Incorrect):
                await register(tx, "c", scopes, jwks=keys, patients=patients, groups=groups)


async def test_tokens_name_the_client_and_introspection_one_patient(
    database: Database, app: FastAPI
) -> None:
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as http:
        for patients, groups, one in (
            (("p1",), (), "p1"),
            (("p1", "p2"), (), None),
            ((), ("g",), None),
        ):
            async with database.transaction() as tx:
                id_ = await register(
                    tx, "c", ["patient/*.rs"], jwks=orjson.dumps(JWKS),
                    patients=patients, groups=groups,
                )  # fmt: skip
            service = Service(id_, http)
            claims: Json = {"aud": "http://localhost/auth/token"}
            asked = await service.ask(service.assertion(**claims), scope="patient/Flag.read")
            token = asked.json()["access_token"]
            form = {"client_assertion": service.assertion(**claims), "token": token}
            told = (await service.post("/auth/introspect", **form)).json()
            assert (told["active"], told["scope"]) == (True, "patient/Flag.read")
            assert told.get("patient") == one
            refused = await service.ask(service.assertion(**claims), scope="system/Flag.rs")
            assert refused.json()["error"] == "invalid_scope"
