import httpx
from fastapi import FastAPI
from starlette.routing import Route

from tests.api.smart.support import ROOT
from tests.conformance.checker import conformant


async def test_the_configuration_is_what_the_guide_requires(http: httpx.AsyncClient) -> None:
    for prefix in ("", "/fhir"):
        answer = await http.get(
            f"{prefix}/.well-known/smart-configuration", headers={"Accept": "application/fhir+xml"}
        )
        assert answer.headers["content-type"] == "application/json"
        said = answer.json()
        assert said["grant_types_supported"] == ["client_credentials"]
        assert said["token_endpoint_auth_methods_supported"] == ["private_key_jwt"]
        assert said["token_endpoint_auth_signing_alg_values_supported"] == ["RS384", "ES384"]
        assert said["code_challenge_methods_supported"] == ["S256"]
        assert {"permission-v2", "client-confidential-asymmetric"} <= set(said["capabilities"])
        assert not [name for name in said["capabilities"] if name.startswith(("launch", "sso"))]
        assert "authorization_endpoint" not in said


async def test_every_promised_endpoint_is_there(http: httpx.AsyncClient, app: FastAPI) -> None:
    said = (await http.get("/.well-known/smart-configuration")).json()
    promised = {value for name, value in said.items() if name.endswith("_endpoint")}
    assert len(promised) == 3
    for url in promised:
        assert url.startswith(ROOT)
        answer = await http.post(url, data={})
        assert (answer.status_code, "error" in answer.json()) == (400, True)
    served = {r.path for r in app.routes if isinstance(r, Route) and r.path.startswith("/auth/")}
    assert {ROOT + path for path in served} == promised


async def test_the_statement_names_them_too(http: httpx.AsyncClient) -> None:
    answer = await http.get("/fhir/metadata")
    conformant(answer.content)
    security = answer.json()["rest"][0]["security"]
    assert security["service"][0]["coding"][0]["code"] == "SMART-on-FHIR"
    (uris,) = security["extension"]
    assert {u["url"]: u["valueUri"] for u in uris["extension"]} == {
        "token": f"{ROOT}/auth/token",
        "introspect": f"{ROOT}/auth/introspect",
        "revoke": f"{ROOT}/auth/revoke",
    }
