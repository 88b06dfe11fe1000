"""batch and transaction Bundles."""

import asyncio
from base64 import b64encode
from typing import Any

import orjson
import pytest

from fhir.values import Json
from tests.api.conftest import Scoped
from tests.api.support import BASE, Client, heart_rate, ids, patient

FHIR = {"Content-Type": "application/fhir+json"}
URN = "urn:uuid:8f3c8a52-6f0e-4b54-9a59-0c6f6d1f2b11"


def entry(method: str, url: str, resource: Json | None = None, **more: Any) -> Json:
    full_url = more.pop("full_url", None)
    made: Json = {"request": {"method": method, "url": url} | more}
    if resource is not None:
        made["resource"] = resource
    return made | ({"fullUrl": full_url} if full_url else {})


async def send(client: Client, type_: str, status: int, *entries: Json, **headers: str) -> Any:
    sent = {"resourceType": "Bundle", "type": type_, "entry": list(entries)}
    answer = await client.send("POST", BASE, status, json=sent, headers=FHIR | headers)
    return answer.json()


def statuses(bundle: Json) -> list[str]:
    return [item["response"]["status"] for item in bundle.get("entry", [])]


def observation(subject: str) -> Json:
    made = heart_rate("x") | {"subject": {"reference": subject}}
    return {name: value for name, value in made.items() if name not in ("id", "device")}


def patching(*operations: Json) -> Json:
    data = b64encode(orjson.dumps(operations)).decode()
    return {
        "resourceType": "Binary",
        "contentType": "application/json-patch+json",
        "data": data,
    }


class TestTransaction:
    async def test_references_within_it(self, writer: Client) -> None:
        told = await send(
            writer,
            "transaction",
            200,
            entry("GET", "Observation"),
            entry("POST", "Observation", observation(URN)),
            entry("POST", "Patient", patient("x"), full_url=URN),
            entry(
                "PUT",
                "Device/d1",
                {"resourceType": "Device", "id": "d1", "patient": {"reference": URN}},
            ),
        )
        assert told["type"] == "transaction-response"
        assert statuses(told) == ["200", "201", "201", "201"]
        searched, made, person, device = told["entry"]
        place = f"Patient/{person['resource']['id']}"
        assert made["resource"]["subject"] == {"reference": place}
        assert device["resource"]["patient"] == {"reference": place}
        assert ids(searched["resource"]) == [made["resource"]["id"]]
        assert person["response"]["location"] == f"{BASE}/{place}/_history/1"
        assert person["response"]["etag"] == 'W/"1"'
        assert (await writer.get(place)).json() == person["resource"]

    async def test_references_in_odd_places(self, writer: Client) -> None:
        xhtml = f'<div xmlns="http://www.w3.org/1999/xhtml"><a href="{URN}">here</a></div>'
        person = patient("x") | {
            "text": {"status": "generated", "div": xhtml},
            "managingOrganization": {"reference": URN},
            "extension": [{"url": "http://a.test/x", "valueReference": {"reference": URN}}],
            "contained": [
                {
                    "resourceType": "Practitioner",
                    "id": "c",
                    "qualification": [{"code": {"text": "x"}, "issuer": {"reference": URN}}],
                }
            ],
            "generalPractitioner": [{"reference": "#c"}],
        }
        told = await send(
            writer,
            "transaction",
            200,
            entry("POST", "Patient", person),
            entry("POST", "Organization", {"resourceType": "Organization", "name": "a"},
                  full_url=URN),
        )  # fmt: skip
        made, organisation = (item["resource"] for item in told["entry"])
        place = f"Organization/{organisation['id']}"
        assert URN not in str(made)
        assert str(made).count(place) == 4

    async def test_a_placeholder_that_nobody_has(self, writer: Client) -> None:
        told = await send(
            writer, "transaction", 422, entry("POST", "Observation", observation(URN))
        )
        assert "fullUrl" in told["issue"][0]["diagnostics"]

    async def test_all_or_nothing(self, writer: Client) -> None:
        told = await send(
            writer,
            "transaction",
            422,
            entry("POST", "Patient", patient("a")),
            entry("POST", "Patient", {"resourceType": "Patient", "gender": 5}),
        )
        issue = told["issue"][0]
        assert issue["expression"] == ["Bundle.entry[1].resource.gender"]
        assert issue["diagnostics"].startswith("Bundle.entry[1]: ")
        assert await writer.ids("Patient") == []
        await send(
            writer,
            "transaction",
            422,
            entry("POST", "Patient", patient("a")),
            entry("POST", "Observation", observation("Patient/nobody")),
        )
        assert await writer.ids("Patient") == []

    async def test_the_order_is_of_the_methods(self, writer: Client) -> None:
        await send(writer, "transaction", 200, entry("PUT", "Patient/p1", patient("p1")))
        await writer.send("POST", "Observation", 201, json=observation("Patient/p1"), headers=FHIR)
        (name,) = await writer.ids("Observation")
        told = await send(
            writer,
            "transaction",
            200,
            entry("GET", "Patient"),
            entry("DELETE", "Patient/p1"),
            entry("DELETE", f"Observation/{name}"),
            entry("POST", "Patient", patient("p3")),
        )
        assert statuses(told) == ["200", "204", "204", "201"]
        assert ids(told["entry"][0]["resource"]) == [told["entry"][3]["resource"]["id"]]

    async def test_conditions(self, writer: Client) -> None:
        mrn = "identifier=MRN-p1"
        one = entry("POST", "Patient", patient("p1"), ifNoneExist=mrn, full_url=URN)
        refers = entry("POST", "Observation", observation(URN))
        first = await send(writer, "transaction", 200, one, refers)
        second = await send(writer, "transaction", 200, one, refers)
        assert statuses(first) + statuses(second) == ["201", "201", "200", "201"]
        person = first["entry"][0]["resource"]["id"]
        assert second["entry"][1]["resource"]["subject"]["reference"] == f"Patient/{person}"
        by_criteria = observation(f"Patient?{mrn}")
        third = await send(
            writer,
            "transaction",
            200,
            entry("POST", "Observation", by_criteria),
            entry(
                "PUT",
                f"Patient?{mrn}",
                patient(person, active=True) | {"identifier": patient("p1")["identifier"]},
                ifMatch='W/"1"',
            ),
        )
        assert third["entry"][0]["resource"]["subject"]["reference"] == f"Patient/{person}"
        assert third["entry"][1]["response"]["etag"] == 'W/"2"'
        await send(
            writer,
            "transaction",
            412,
            entry("POST", "Observation", observation("Patient?identifier=no")),
        )
        await send(
            writer,
            "transaction",
            412,
            entry("PUT", f"Patient/{person}", patient(person), ifMatch='W/"1"'),
        )

    async def test_one_that_is_awaited_twice_is_made_once(self, writer: Client) -> None:
        twice = [entry("POST", "Patient", patient("p1"), ifNoneExist="identifier=MRN-p1")] * 2
        told = await send(writer, "transaction", 200, *twice)
        assert statuses(told) == ["201", "200"]

    async def test_twenty_at_once_make_one_patient(self, writer: Client) -> None:
        one = entry("POST", "Patient", patient("p1"), ifNoneExist="identifier=MRN-p1", full_url=URN)
        refers = entry("POST", "Observation", observation(URN))
        told = await asyncio.gather(
            *(send(writer, "transaction", 200, one, refers) for _ in range(20))
        )
        subjects = {t["entry"][1]["resource"]["subject"]["reference"] for t in told}
        assert len(subjects) == 1
        assert len(await writer.ids("Patient")) == 1

    @pytest.mark.parametrize(
        "entries",
        [
            [entry("PUT", "Patient/a", patient("a"))] * 2,
            [entry("PUT", "Patient/a", patient("a")), entry("DELETE", "Patient/a")],
            [entry("POST", "Patient", patient("a"), full_url=URN)] * 2,
            [entry("POST", "", {"resourceType": "Bundle", "type": "batch"})],
            [entry("FLY", "Patient/a")],
            [entry("GET", "http://elsewhere.test/fhir/Patient")],
            [{"resource": patient("a")}],
            [entry("PUT", "Patient/a", patient("b"))],
            [entry("POST", "Patient", patient("a"), ifNoneExist="")],
            [entry("PATCH", "Patient/a", patient("a"))],
            [entry("GET", "Patient", ifModifiedSince="yesterday")],
        ],
    )
    async def test_what_is_refused(self, writer: Client, entries: list[Json]) -> None:
        told = await send(writer, "transaction", 400, *entries)
        assert told["issue"][0]["expression"][0].startswith("Bundle.entry[")
        assert await writer.ids("Patient") == []

    async def test_scopes_are_those_of_each_entry(
        self, with_scopes: Scoped, writer: Client
    ) -> None:
        client = with_scopes("system/Patient.c")
        await send(
            client,
            "transaction",
            403,
            entry("POST", "Patient", patient("a")),
            entry("GET", "Patient"),
        )
        assert await writer.ids("Patient") == []
        await send(client, "transaction", 200, entry("POST", "Patient", patient("a")))

    async def test_preference(self, writer: Client) -> None:
        told = await send(
            writer,
            "transaction",
            200,
            entry("POST", "Patient", patient("a")),
            Prefer="return=minimal",
        )
        assert "resource" not in told["entry"][0]
        told = await send(
            writer,
            "transaction",
            200,
            entry("POST", "Patient", patient("a")),
            Prefer="return=OperationOutcome",
        )
        assert told["entry"][0]["response"]["outcome"]["resourceType"] == "OperationOutcome"


class TestBatch:
    async def test_each_for_itself(self, writer: Client) -> None:
        patch = patching({"op": "add", "path": "/active", "value": True})
        told = await send(
            writer,
            "batch",
            200,
            entry("PUT", "Patient/p1", patient("p1")),
            entry("PATCH", f"{BASE}/Patient/p1", patch),
            entry("GET", "Patient/p1", ifNoneMatch='W/"2"'),
            entry("GET", "/Patient?identifier=MRN-p1"),
            entry("GET", "Patient/p2"),
            entry("POST", "Patient", {"resourceType": "Patient", "gender": 5}),
            {"request": {"method": "GET"}},
            entry("DELETE", "Patient/p1", ifMatch='W/"1"'),
            entry("POST", "Patient/p1/x", patient("p1")),
            entry("DELETE", "Patient/p1"),
        )
        assert statuses(told) == [
            "201", "200", "304", "200", "404", "422", "400", "412", "404", "204",
        ]  # fmt: skip
        assert told["entry"][1]["resource"]["active"] is True
        assert told["entry"][4]["response"]["outcome"]["issue"][0]["code"] == "not-found"

    async def test_an_empty_one(self, writer: Client) -> None:
        for type_ in ("batch", "transaction"):
            assert "entry" not in await send(writer, type_, 200)


async def test_bounds(writer: Client) -> None:
    for type_ in ("batch", "transaction"):
        await send(writer, type_, 413, *[entry("GET", "Patient")] * 501)
    await send(writer, "history", 422)
    await writer.send("POST", BASE, 400, json=patient("a"), headers=FHIR)
    await writer.send("POST", BASE, 415, json={}, headers={"Content-Type": "text/plain"})
    wrong = {"resourceType": "Bundle", "type": "batch", "entry": {}}
    await writer.send("POST", BASE, 400, json=wrong, headers=FHIR)
    long = b'{"x": "' + b"a" * (5 << 20) + b'"}'
    await writer.send("POST", BASE, 413, content=long, headers=FHIR)
