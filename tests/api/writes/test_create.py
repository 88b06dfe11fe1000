"""create, by itself and if there is none yet."""

import asyncio
from typing import Any

import pytest

from fhir.values import Json
from tests.api.conftest import Scoped
from tests.api.support import BASE, Client, heart_rate, ids, patient

FHIR = {"Content-Type": "application/fhir+json"}
MRN = "identifier=urn:oid:1.2.36.146|MRN-p1"
WRONG: list[tuple[Any, int]] = [
    (b"", 400),
    (b"{", 400),
    (b"[]", 400),
    (b'{"resourceType": "Patient", "resourceType": "Patient"}', 400),
    (b'{"resourceType": "Device"}', 400),
    (b'{"resourceType": "Patient", "gender": 5}', 422),
    (b'{"resourceType": "Patient", "contained": [{"resourceType": "Foo"}]}', 422),
    (b'{"resourceType": "Patient", "name": [{"family": "a\\u0000b"}]}', 422),
    (b'{"resourceType": "Patient", "managingOrganization": {"reference": "nowhere"}}', 422),
    (b'{"resourceType": "Patient", "generalPractitioner": [{"reference": "Device/d9"}]}', 422),
    (b"[" * 100 + b"]" * 100, 400),
    (b'{"x": "' + b"a" * (1 << 20) + b'"}', 413),
]


async def test_a_new_resource(writer: Client) -> None:
    sent = patient("mine", meta={"versionId": "9", "profile": ["urn:x"]}, gender="female")
    answer = await writer.send("POST", "Patient", 201, json=sent, headers=FHIR)
    made = answer.json()
    assert made["id"] != "mine"
    assert made["meta"]["versionId"] == "1"
    assert made["meta"]["profile"] == ["urn:x"]
    assert answer.headers["location"] == f"{BASE}/Patient/{made['id']}/_history/1"
    assert answer.headers["etag"] == 'W/"1"'
    assert answer.headers["last-modified"].endswith("GMT")
    assert (await writer.get(answer.headers["location"])).json() == made
    assert await writer.ids(f"Patient?{MRN.replace('p1', 'mine')}") == [made["id"]]


@pytest.mark.parametrize(("sent", "status"), WRONG)
async def test_what_is_refused(writer: Client, sent: bytes, status: int) -> None:
    await writer.send("POST", "Patient", status, content=sent, headers=FHIR)


async def test_content_type(writer: Client) -> None:
    for content_type in ("text/plain", "application/pdf", ""):
        await writer.send(
            "POST", "Patient", 415, content=b"{}", headers={"Content-Type": content_type}
        )
    await writer.send(
        "POST",
        "Patient",
        201,
        content=b'{"resourceType": "Patient"}',
        headers={"Content-Type": "application/json; charset=utf-8"},
    )


async def test_decimals_keep_their_digits(writer: Client) -> None:
    url = "http://hl7.org/fhir/StructureDefinition/geolocation"
    parts = b'[{"url": "latitude", "valueDecimal": 60.10}, {"url": "longitude", "valueDecimal": 0}]'
    sent = (
        b'{"resourceType": "Patient", "address": [{"extension": [{"url": "%s", "extension": %s}]}]}'
    )
    content = sent % (url.encode(), parts)
    made = await writer.send("POST", "Patient", 201, content=content, headers=FHIR)
    assert b'"valueDecimal":60.10}' in made.content
    assert b"60.10" in (await writer.get(f"Patient/{made.json()['id']}")).content


async def test_preferences(writer: Client) -> None:
    minimal = FHIR | {"Prefer": "return=minimal"}
    answer = await writer.send("POST", "Patient", 201, json=patient("a"), headers=minimal)
    assert answer.content == b""
    assert "location" in answer.headers
    outcome = FHIR | {"Prefer": "respond-sync, return=OperationOutcome"}
    answer = await writer.send("POST", "Patient", 201, json=patient("b"), headers=outcome)
    assert answer.json()["resourceType"] == "OperationOutcome"
    answer = await writer.send(
        "POST", "Patient", 201, json=patient("c"), headers=FHIR | {"Prefer": "return=x"}
    )
    assert answer.json()["resourceType"] == "Patient"


class TestIfNoneExist:
    HEADERS = FHIR | {"If-None-Exist": MRN}

    async def test_none_one_and_many(self, writer: Client) -> None:
        first = await writer.send("POST", "Patient", 201, json=patient("p1"), headers=self.HEADERS)
        again = await writer.send("POST", "Patient", 200, json=patient("p1"), headers=self.HEADERS)
        assert again.json() == first.json()
        assert again.headers["location"] == first.headers["location"]
        await writer.send("POST", "Patient", 201, json=patient("p1"), headers=FHIR)
        await writer.send("POST", "Patient", 412, json=patient("p1"), headers=self.HEADERS)

    async def test_criteria_as_a_url_and_with_a_question_mark(self, writer: Client) -> None:
        named = patient("p1") | {"identifier": [{"system": "http://a.test?b=c", "value": "1"}]}
        for criteria, status in (
            ("identifier=http://a.test?b=c|1", 201),
            ("Patient?identifier=http://a.test?b=c|1", 200),
            (f"{BASE}/Patient?identifier=http://a.test?b=c|1", 200),
        ):
            headers = FHIR | {"If-None-Exist": criteria}
            await writer.send("POST", "Patient", status, json=named, headers=headers)

    async def test_twenty_at_once_make_one(self, writer: Client) -> None:
        async def post() -> tuple[int, str]:
            sent = {"json": patient("p1"), "headers": self.HEADERS}
            answer = await writer.http.post(f"{BASE}/Patient", **sent)  # type: ignore[arg-type]
            return answer.status_code, answer.json()["id"]

        answers = await asyncio.gather(*(post() for _ in range(20)))
        assert sorted(status for status, _ in answers) == [200] * 19 + [201]
        assert len({name for _, name in answers}) == 1
        assert len(ids((await writer.get("Patient")).json())) == 1

    @pytest.mark.parametrize("criteria", ["", "_count=1", "unheard=of", "?", "_lastUpdated=x"])
    async def test_criteria_that_say_nothing(self, writer: Client, criteria: str) -> None:
        headers = FHIR | {"If-None-Exist": criteria}
        await writer.send("POST", "Patient", 400, json=patient("p1"), headers=headers)


class TestScopes:
    async def test_create_is_needed(self, with_scopes: Scoped) -> None:
        client = with_scopes("system/*.ruds")
        await client.send("POST", "Patient", 403, json=patient("p1"), headers=FHIR)

    async def test_a_narrowed_scope_does_not_write(self, with_scopes: Scoped) -> None:
        client = with_scopes("system/Observation.c?category=vital-signs")
        await client.send("POST", "Observation", 403, json=heart_rate("o1"), headers=FHIR)

    async def test_who_may_not_search_learns_nothing_by_criteria(
        self, with_scopes: Scoped, writer: Client
    ) -> None:
        headers = TestIfNoneExist.HEADERS
        client = with_scopes("system/Patient.cr")
        await client.send("POST", "Patient", 403, json=patient("p1"), headers=headers)

    async def test_who_may_not_read_is_not_shown_what_is_there(
        self, with_scopes: Scoped, writer: Client
    ) -> None:
        headers = TestIfNoneExist.HEADERS
        there = patient("p1", birthDate="1970-01-01")
        await writer.send("POST", "Patient", 201, json=there, headers=headers)
        client = with_scopes("system/Patient.cs")
        answer = await client.send("POST", "Patient", 200, json=patient("p1"), headers=headers)
        assert answer.content == b""
        own = await client.send("POST", "Patient", 201, json=patient("p2"), headers=FHIR)
        assert own.json()["identifier"] == patient("p2")["identifier"]


async def test_references_are_stored_in_one_spelling(writer: Client) -> None:
    await writer.send("PUT", "Patient/p1", 201, json=patient("p1"), headers=FHIR)
    sent: Json = heart_rate("o1") | {"subject": {"reference": f"{BASE}/Patient/p1"}}
    del sent["device"]
    made = (await writer.send("POST", "Observation", 201, json=sent, headers=FHIR)).json()
    assert made["subject"] == {"reference": "Patient/p1"}
    assert await writer.ids("Observation?patient=p1") == [made["id"]]


async def test_names_that_only_the_service_gives(writer: Client) -> None:
    own = {"system": "https://hisbundle.org/fhir/sid/result", "value": "a/b/report"}
    sent = patient("p1") | {"identifier": [own]}
    await writer.send("POST", "Patient", 422, json=sent, headers=FHIR)


async def test_a_subscription_is_kept_as_requested(writer: Client) -> None:
    sent: Json = {
        "resourceType": "Subscription",
        "status": "active",
        "reason": "x",
        "criteria": "Observation?code=1",
        "channel": {"type": "rest-hook", "endpoint": "https://ehr.test/hook"},
    }
    await writer.send("POST", "Subscription", 422, json=sent, headers=FHIR)
    await writer.send("POST", "Subscription", 201, json=sent | {"status": "off"}, headers=FHIR)
