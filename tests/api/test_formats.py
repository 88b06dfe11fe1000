"""Requests and answers in XML, through the application and around a small one."""

import gzip
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import httpx
import orjson
import pytest
from fastapi import FastAPI
from lxml import etree
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from api import answers, formats
from api.errors import answer
from api.formats import Formats
from core.json_text import loads
from fhir.values import Json
from fhir.xml.reader import from_xml
from fhir.xml.writer import to_xml
from store.database import Database
from tests.api.conftest import Scoped
from tests.api.support import BASE, Client, checked, heart_rate, ids, link, patient, store, strip

XML = {"Accept": "application/fhir+xml"}
FHIR_XML = "application/fhir+xml; charset=utf-8"


@pytest.fixture
async def stored(database: Database) -> None:
    await store(database, patient("p1", gender="female"), strip("s1"))
    for value in (60.5, 72, 81.25):
        await store(database, heart_rate("o1", value=value))


async def _both(client: Client, path: str, status: int = 200) -> tuple[Json, Json]:
    plain = {"Accept-Encoding": "identity"}
    json = await client.get(path, status, headers=plain)
    xml = await client.get(path, status, headers=plain | XML)
    assert json.headers["content-type"] == "application/fhir+json; charset=utf-8"
    assert xml.headers["content-type"] == FHIR_XML
    assert int(xml.headers["content-length"]) == len(xml.content)
    for name in ("etag", "last-modified", "www-authenticate", "cache-control"):
        assert json.headers.get(name) == xml.headers.get(name)
    return loads(json.content), from_xml(xml.content)


@pytest.mark.usefixtures("stored")
class TestAnswers:
    @pytest.mark.parametrize(
        "path", ["Patient/p1", "Observation/o1/_history/1", "Observation/s1", "metadata",
                 "Observation/o1/_history?_count=2"],
    )  # fmt: skip
    async def test_the_same_in_both(self, client: Client, path: str) -> None:
        json, xml = await _both(client, path)
        assert json == xml

    async def test_a_search_and_its_pages(self, client: Client, database: Database) -> None:
        await store(database, *(heart_rate(f"x{n}", minute=n) for n in range(5)))
        url: str | None = f"{BASE}/Observation?code=8867-4&_count=2&_format=xml"
        found: list[str] = []
        while url is not None:
            page = from_xml((await client.get(url)).content)
            found += ids(page)
            url = link(page, "next")
        assert sorted(found) == ["o1", *(f"x{n}" for n in range(5))]

    async def test_errors(self, client: Client, stranger: Client, with_scopes: Scoped) -> None:
        for path in ("Patient/p2", "Unicorn", "Patient/"):
            await _both(client, path, 404)
        await _both(client, "Patient?x=y", 400)
        await _both(client, "Patient?name=a&_format=csv", 406)
        await _both(stranger, "Patient/p1", 401)
        await _both(with_scopes("system/Flag.rs"), "Patient/p1", 403)
        for method in ("LINK", "TRACE", "PROPFIND"):
            refused = await client.send(method, "Patient", 405, headers=XML)
            assert refused.headers["content-type"] == FHIR_XML

    async def test_an_error_of_ours(self, client: Client, app: FastAPI) -> None:
        app.state.site = replace(app.state.site, reader=None)
        _, told = await _both(client, "Patient/p1", 500)
        assert told["issue"][0]["code"] == "exception"

    async def test_what_is_not_fhir_stays_as_it_is(self, client: Client, stranger: Client) -> None:
        for path in ("/health", "/.well-known/smart-configuration"):
            assert (await stranger.get(path, headers=XML)).headers["content-type"] == (
                "application/json"
            )
        assert "text/plain" in (await client.get("/metrics", headers=XML)).headers["content-type"]

    async def test_a_browser_gets_json(self, client: Client) -> None:
        accept = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
        assert (await client.get("Patient/p1", headers={"Accept": accept})).json()["id"] == "p1"

    async def test_pretty_has_lines_and_every_digit(
        self, client: Client, database: Database
    ) -> None:
        await store(database, heart_rate("d", value=1e-7))
        text = (await client.get("Patient/p1?_pretty=true&_format=xml")).text
        assert '\n  <gender value="female"/>' in text
        assert "\n" not in (await client.get("Patient/p1?_format=xml")).text
        content = orjson.dumps({"resourceType": "Basic", "value": orjson.Fragment(b"60.10")})
        assert b'"value": 60.10' in bytes(answers.fhir(content, pretty=True).body)

    async def test_head_and_304(self, client: Client) -> None:
        got = await client.get("Patient/p1", headers=XML)
        head = await client.send("HEAD", "Patient/p1", 200, headers=XML)
        for name in ("content-type", "content-length", "etag", "vary"):
            assert head.headers[name] == got.headers[name]
        fresh = await client.get("Patient/p1", 304, headers=XML | {"If-None-Match": 'W/"1"'})
        assert fresh.content == b""
        assert "Accept" in fresh.headers["vary"]

    async def test_xml_is_compressed(self, client: Client) -> None:
        page = await client.get("Observation?_format=xml", headers={"Accept-Encoding": "gzip"})
        assert page.headers["content-encoding"] == "gzip"
        assert page.headers["vary"] == "Accept, Accept-Encoding"
        assert etree.fromstring(page.content).tag == "{http://hl7.org/fhir}Bundle"

    async def test_the_form_of_a_search_may_say_it(self, client: Client) -> None:
        url = f"{BASE}/Patient/_search"
        page = await client.send("POST", url, 200, data={"_format": "xml", "_id": "p1"})
        assert ids(from_xml(page.content)) == ["p1"]
        page = await client.send("POST", url, 200, data={"_format": "json"}, headers=XML)
        assert ids(page.json()) == ["p1"]
        await client.send("POST", url, 415, content=to_xml(patient("p1")),
                          headers={"Content-Type": "text/xml"})  # fmt: skip
        await client.send("POST", url, 415, content=b"a", headers={"Content-Type": "image/png"})
        packed = {"Content-Type": "application/fhir+json", "Content-Encoding": "gzip"}
        refused = await client.send("POST", url, 415, content=gzip.compress(b"{}"), headers=packed)
        assert refused.headers["accept-encoding"] == "identity"


async def _echo(request: Request) -> Response:
    body = await request.body()
    assert request.headers["content-type"].startswith("application/fhir+json")
    assert "content-length" not in request.headers or len(body) == int(
        request.headers["content-length"]
    )
    return answers.fhir(body)


async def _deaf(_: Request) -> Response:
    return PlainTextResponse("done")


async def _parts(_: Request) -> Response:
    async def give() -> AsyncIterator[bytes]:
        yield b'{"resourceType":"Patient",'
        yield b'"id":"p1"}'

    return StreamingResponse(give(), media_type=answers.MEDIA_TYPE)


async def _no_xml(_: Request) -> Response:
    return answers.fhir({"resourceType": "Patient", "shoe": 46}, headers={"ETag": 'W/"1"'})


async def _handle(_: Request, error: Exception) -> Response:
    return answer(error)


@pytest.fixture
async def small() -> AsyncIterator[httpx.AsyncClient]:
    """The middleware around routes that take and give FHIR JSON."""
    routes = [Route("/fhir", _echo, methods=["POST"]), Route("/fhir/deaf", _deaf, methods=["POST"]),
              Route("/fhir/parts", _parts), Route("/fhir/no-xml", _no_xml)]  # fmt: skip
    app = Starlette(routes=routes, exception_handlers={Exception: _handle, 415: _handle,
                                                       413: _handle})  # fmt: skip
    transport = httpx.ASGITransport(Formats(app), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://ecg.test") as http:
        yield http


BODY = b'{"resourceType":"Observation","status":"final","valueQuantity":{"value":60.10}}'


class TestRequests:
    @pytest.mark.parametrize("type_", ["application/fhir+xml", "text/xml; charset=utf-8",
                                       "application/xml; fhirVersion=4.0"])  # fmt: skip
    async def test_xml_arrives_as_json(self, small: httpx.AsyncClient, type_: str) -> None:
        sent = {"Content-Type": type_, "Accept": "application/fhir+json"}
        told = await small.post("/fhir", content=to_xml(BODY), headers=sent)
        assert told.content == BODY
        back = await small.post("/fhir", content=to_xml(BODY), headers=sent | XML)
        assert back.content == to_xml(BODY)

    async def test_json_arrives_as_it_is(self, small: httpx.AsyncClient) -> None:
        sent = {"Content-Type": "application/fhir+json; charset=utf-8"}
        assert (await small.post("/fhir", content=BODY, headers=sent)).content == BODY

    @pytest.mark.parametrize("type_", ["text/turtle", "application/fhir+xml; charset=latin-1",
                                       "application/fhir+json; fhirVersion=5.0"])  # fmt: skip
    async def test_other_types_are_refused(self, small: httpx.AsyncClient, type_: str) -> None:
        for accept, form in ((XML, FHIR_XML), ({}, "application/fhir+json; charset=utf-8")):
            sent = {"Content-Type": type_} | accept
            told = await small.post("/fhir", content=BODY, headers=sent)
            assert (told.status_code, told.headers["content-type"]) == (415, form)
            checked(told)
            assert (await small.post("/fhir/deaf", content=BODY, headers=sent)).status_code == 200

    async def test_broken_xml(self, small: httpx.AsyncClient) -> None:
        told = await small.post("/fhir", content=b"<a", headers={"Content-Type": "text/xml"})
        assert told.status_code == 400
        assert "not XML" in told.json()["issue"][0]["diagnostics"]

    async def test_a_body_without_end(
        self, small: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(formats, "XML_MAX_BYTES", 100)
        sent = {"Content-Type": "text/xml"}
        assert (await small.post("/fhir", content=b" " * 101, headers=sent)).status_code == 413

    async def test_an_answer_in_parts(self, small: httpx.AsyncClient) -> None:
        told = await small.get("/fhir/parts", headers=XML)
        assert from_xml(told.content) == {"resourceType": "Patient", "id": "p1"}
        assert int(told.headers["content-length"]) == len(told.content)

    async def test_an_answer_without_xml(self, small: httpx.AsyncClient) -> None:
        told = await small.get("/fhir/no-xml", headers=XML)
        assert told.status_code == 406
        assert "etag" not in told.headers
        checked(told)
        assert (await small.get("/fhir/no-xml")).json()["shoe"] == 46

    async def test_long_ones_go_to_a_thread(self, small: httpx.AsyncClient) -> None:
        long: dict[str, Any] = {"resourceType": "Basic", "language": "x" * 100_000}
        sent = {"Content-Type": "text/xml"} | XML
        assert (
            from_xml((await small.post("/fhir", content=to_xml(long), headers=sent)).content)
            == long
        )
