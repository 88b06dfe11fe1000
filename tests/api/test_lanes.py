"""Routing by names finds what trying every route finds, and the OpenAPI document tells of it."""

import httpx
import pytest
from fastapi import FastAPI, Request, Response

from api.lanes import Lanes


def _app() -> FastAPI:
    app = FastAPI(openapi_url=None, redirect_slashes=False)

    def add(method: str, path: str) -> None:
        async def endpoint(request: Request) -> Response:
            return Response(f"{request.method} {path} {request.path_params}")

        app.add_api_route(path, endpoint, methods=[method], response_model=None)

    for method in ("GET", "HEAD"):
        add(method, "/health")
        add(method, "/fhir/A")
        add(method, "/fhir/A/{id}")
        add(method, "/fhir/B/{id}/_history/{version}")
        add(method, "/{any}/x/y")
    add("POST", "/fhir/A/_search")
    add("PUT", "/fhir/A/{id}")
    add("POST", "/fhir")
    return app


PATHS = [
    *("/health", "/fhir/A", "/fhir/A/1", "/fhir/A/_search", "/fhir/B/1/_history/2", "/fhir"),
    *(
        "/",
        "/fhir/",
        "/fhir/A/",
        "/fhir/A/1/",
        "/fhir/A/1/2",
        "/fhir/C",
        "/health/",
        "//",
        "/a%2Fb",
    ),
    *("/q/x/y", "/fhir/A%20", "/FHIR/A", "/fhir//A", "/fhir/B/1", "/fhir/B", "/fhir/A/a%2Fb"),
]


@pytest.mark.parametrize("path", PATHS)
async def test_the_same_as_without_lanes(path: str) -> None:
    plain, lanes = _app(), _app()
    lanes.router.middleware_stack = Lanes.beside(lanes.router.middleware_stack, lanes.routes)
    answers = []
    for app in (plain, lanes):
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://t") as http:
            for method in ("GET", "HEAD", "POST", "PUT", "DELETE"):
                answer = await http.request(method, path)
                where = answer.headers.get("location")
                answers.append((method, answer.status_code, answer.content, where))
    half = len(answers) // 2
    assert answers[:half] == answers[half:]


async def test_a_refused_method_is_told_all_that_are_served() -> None:
    app = _app()
    app.router.middleware_stack = Lanes.beside(app.router.middleware_stack, app.routes)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://t") as http:
        answer = await http.delete("/fhir/A/1")
    assert {name.strip() for name in answer.headers["allow"].split(",")} == {"GET", "HEAD", "PUT"}


def test_an_endpoint_that_needs_more_than_the_request_is_refused() -> None:
    app = FastAPI()
    app.add_api_route("/a", lambda request, q: None)
    with pytest.raises(TypeError, match="/a"):
        Lanes.beside(app.router, app.routes)
