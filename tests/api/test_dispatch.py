"""From addresses to endpoints: what is served, what is not, and by which method."""

import httpx
import pytest
from fastapi import FastAPI, Request, Response

from api.dispatch import Dispatch


async def _told(request: Request) -> Response:
    return Response(f"{request.scope['route'].path} {request.path_params}")


@pytest.fixture
def app() -> FastAPI:
    app = FastAPI(openapi_url="/openapi.json")
    for methods, path in (
        (["GET", "HEAD"], "/health"),
        (["POST"], "/fhir"),
        (["POST"], "/fhir/"),
        (["GET", "HEAD"], "/fhir/A"),
        (["GET", "HEAD", "PUT"], "/fhir/A/{id}"),
        (["POST"], "/fhir/A/_search"),
        (["GET"], "/fhir/A/{id}/_history/{version}"),
        (["GET"], "/fhir/jobs/{job}/{number}.ndjson"),
    ):
        for method in methods:
            app.add_api_route(path, _told, methods=[method], response_model=None)
    return app


async def ask(app: FastAPI, method: str, path: str) -> httpx.Response:
    transport = httpx.ASGITransport(Dispatch(app.routes))
    async with httpx.AsyncClient(transport=transport, base_url="http://t") as http:
        return await http.request(method, path)


@pytest.mark.parametrize(
    ("method", "path", "told"),
    [
        ("GET", "/health", "/health {}"),
        ("POST", "/fhir", "/fhir {}"),
        ("POST", "/fhir/", "/fhir/ {}"),
        ("GET", "/fhir/A", "/fhir/A {}"),
        ("PUT", "/fhir/A/1", "/fhir/A/{id} {'id': '1'}"),
        ("GET", "/fhir/A/a%20b", "/fhir/A/{id} {'id': 'a b'}"),
        ("POST", "/fhir/A/_search", "/fhir/A/_search {}"),
        (
            "GET",
            "/fhir/A/1/_history/2",
            "/fhir/A/{id}/_history/{version} {'id': '1', 'version': '2'}",
        ),
        (
            "GET",
            "/fhir/jobs/7/0.ndjson",
            "/fhir/jobs/{job}/{number}.ndjson {'job': '7', 'number': '0'}",
        ),
    ],
)
async def test_what_is_served(app: FastAPI, method: str, path: str, told: str) -> None:
    answer = await ask(app, method, path)
    assert (answer.status_code, answer.text) == (200, told)


@pytest.mark.parametrize(
    "path",
    ["/", "//", "/fhir/A/", "/fhir/A/1/", "/fhir/A/1/2", "/fhir/A/1/_history", "/health/",
     "/fhir//A", "/FHIR/A", "/fhir/C", "/fhir/A/a%2Fb", "/fhir/A/%00", "/fhir/%00/1",
     "/fhir/jobs/7/0-ndjson", "/fhir/jobs/7/.ndjson", "/fhir/jobs"],
)  # fmt: skip
async def test_there_is_nothing_elsewhere(app: FastAPI, path: str) -> None:
    answer = await ask(app, "GET", path)
    assert answer.status_code == 404
    assert answer.json()["issue"][0]["code"] == "not-found"


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("DELETE", "/fhir/A/1", "GET, HEAD, PUT"),
        ("GET", "/fhir/A/_search", "POST"),  # what is named is never taken for an id
        ("OPTIONS", "/health", "GET, HEAD"),
        ("GET", "/fhir", "POST"),
    ],
)
async def test_a_refused_method_is_told_all_that_are_served(
    app: FastAPI, method: str, path: str, allowed: str
) -> None:
    answer = await ask(app, method, path)
    assert (answer.status_code, answer.headers["allow"]) == (405, allowed)


async def test_the_openapi_document_is_served(app: FastAPI) -> None:
    assert "/fhir/A/{id}" in (await ask(app, "GET", "/openapi.json")).json()["paths"]


async def test_an_endpoint_that_needs_more_than_the_request_is_refused() -> None:
    app = FastAPI()
    app.add_api_route("/a", lambda request, q: None)
    with pytest.raises(TypeError, match="/a"):
        Dispatch(app.routes)


async def test_two_parameters_at_one_place_are_refused(app: FastAPI) -> None:
    app.add_api_route("/fhir/A/{id}.pdf", _told, response_model=None)
    with pytest.raises(ValueError, match="pdf"):
        Dispatch(app.routes)
