"""The token endpoint: forms, scopes, and what its tokens open."""

from dataclasses import replace

import httpx
import pytest
from fastapi import FastAPI
from joserfc.jwk import ECKey
from structlog.testing import capture_logs

from api.tokens import verify
from store import clients
from store.database import Database
from tests.api.smart.support import Service, registered
from tests.api.support import heart_rate, patient, store


async def test_a_token_opens_what_it_says(
    service: Service, database: Database, token_key: ECKey
) -> None:
    await store(database, patient("p1"))
    answer = await service.ask(scope="system/Patient.r")
    told = answer.json()
    assert {k: told[k] for k in ("token_type", "expires_in", "scope")} == {
        "token_type": "bearer", "expires_in": 300, "scope": "system/Patient.r"
    }  # fmt: skip
    assert "refresh_token" not in told
    caller = verify(token_key, told["access_token"])
    assert (caller.client_id, caller.subject) == (service.id, service.id)
    assert caller.expires_at - caller.issued_at == 300
    assert (await service.get("/fhir/Patient/p1", told["access_token"])).status_code == 200
    assert (await service.get("/fhir/Patient", told["access_token"])).status_code == 403


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"grant_type": None}, "invalid_request"),
        ({"grant_type": "authorization_code"}, "unsupported_grant_type"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"client_assertion_type": None}, "invalid_request"),
        ({"client_assertion_type": "urn:x"}, "invalid_request"),
        ({"client_assertion": None}, "invalid_request"),
        ({"scope": None}, "invalid_request"),
        ({"scope": ""}, "invalid_request"),
        ({"scope": "system/Patient.cruds"}, "invalid_scope"),
        ({"scope": "system/Patient.dus"}, "invalid_scope"),
        ({"scope": "patient/Patient.rs"}, "invalid_scope"),
        ({"scope": "system/Patient.rs openid"}, "invalid_scope"),
        ({"scope": "system/Patient.rs  system/Flag.rs"}, "invalid_scope"),
        ({"scope": "hisbundle/metrics"}, "invalid_scope"),
        ({"scope": "system/Patient.rs " * 5000}, "invalid_request"),
        ({"scope": "system/Patient.rs?gender=male"}, "invalid_scope"),
        ({"scope": "a\x00b"}, "invalid_request"),
    ],
)
async def test_wrong_requests(service: Service, changes: dict[str, str | None], error: str) -> None:
    answer = await service.ask(**changes)
    assert (answer.status_code, answer.json()["error"]) == (400, error)


async def test_no_authentication_is_invalid_client(service: Service) -> None:
    form = {"grant_type": "client_credentials", "scope": "system/*.rs", "client_secret": "x"}
    answer = await service.http.post("/auth/token", data=form)
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")


async def test_forms_only_and_each_parameter_once(service: Service) -> None:
    twice = "grant_type=client_credentials&grant_type=client_credentials"
    many = "&".join(f"a{n}=1" for n in range(100))
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    for body, headers in (
        (twice, kind), (many, kind), ("{}", {"Content-Type": "application/json"}), ("", {})
    ):  # fmt: skip
        answer = await service.http.post("/auth/token", content=body, headers=headers)
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")
    assert (await service.http.get("/auth/token")).status_code == 405


async def test_narrower_scopes_are_granted(database: Database, http: httpx.AsyncClient) -> None:
    vitals = "system/Observation.rs?category=vital-signs"
    service = await registered(
        database, http, "system/Patient.r", "system/Patient.s", vitals, "hisbundle/metrics"
    )
    for scope in ("system/Patient.rs", "system/Patient.read", vitals, "hisbundle/metrics"):
        assert (await service.ask(scope=scope)).json()["scope"] == scope
    for scope in ("system/*.rs", "system/Observation.rs", "system/Observation.rs?category=x"):
        assert (await service.ask(scope=scope)).json()["error"] == "invalid_scope"


async def test_denials_are_logged_without_secrets(service: Service) -> None:
    wrong = service.assertion({"kid": "other"})
    with capture_logs() as lines:
        await service.ask(wrong)
        token = await service.token("system/Flag.rs")
        await service.get("/fhir/Patient", token)
    refused = next(line for line in lines if line["event"] == "request refused")
    assert (refused["client"], refused["reason"]) == (service.id, "kid names no key for this alg")
    denied = next(line for line in lines if line["event"] == "access denied")
    assert (denied["client"], denied["reason"]) == (service.id, "no system/Patient.s")
    assert wrong not in str(lines)
    assert token not in str(lines)


async def test_a_disabled_clients_tokens_end(
    service: Service, database: Database, app: FastAPI
) -> None:
    token = await service.token()
    assert (await service.get("/fhir/Patient", token)).status_code == 200
    async with database.transaction() as tx:
        await clients.disable(tx, service.id)
    app.state.site.smart.bearers.forget()
    assert (await service.get("/fhir/Patient", token)).status_code == 401


async def test_another_servers_name_is_not_believed(service: Service, app: FastAPI) -> None:
    """An assertion made out to another server must not work here under that server's name."""
    site = app.state.site
    closed = site.settings.model_copy(update={"public_url": None})
    app.state.site = replace(site, smart=replace(site.smart, settings=closed))
    stolen = service.assertion(aud="http://elsewhere.test/auth/token")
    form = service.form(stolen)
    answer = await service.http.post("http://elsewhere.test/auth/token", data=form)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")
    own = service.form(service.assertion(aud="http://127.0.0.1:8080/auth/token"))
    answer = await service.http.post("http://127.0.0.1:8080/auth/token", data=own)
    assert answer.status_code == 200


async def test_without_a_database_nobody_gets_in(service: Service, app: FastAPI) -> None:
    token = await service.token()
    away = Database("postgresql://nobody@127.0.0.1:1/nothing")
    site = app.state.site
    gone = replace(site.smart.authenticator, database=away)
    app.state.site = replace(site, smart=replace(site.smart, authenticator=gone))
    answer = await service.ask()
    assert (answer.status_code, answer.json()["error"]) == (503, "temporarily_unavailable")
    assert answer.headers["retry-after"]
    site.smart.bearers._database = away
    site.smart.bearers.forget()
    assert (await service.get("/fhir/Patient", token)).status_code == 503
    await away.close()


async def test_a_granular_token_sees_its_category_only(
    service: Service, database: Database
) -> None:
    await store(database, heart_rate("hr"), heart_rate("other") | {"category": []})
    token = await service.token("system/Observation.rs?category=vital-signs")
    found = (await service.get("/fhir/Observation?_total=accurate", token)).json()
    assert (found["total"], len(found["entry"])) == (1, 1)
    assert (await service.get("/fhir/Observation/hr", token)).status_code == 200
    assert (await service.get("/fhir/Observation/other", token)).status_code == 404
