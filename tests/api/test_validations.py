"""$validate of a type and of a resource."""

from typing import Any

import pytest

from fhir.validation.profiles import HEART_RATE
from fhir.values import Json
from store.database import Database
from tests.api.conftest import Scoped
from tests.api.support import BASE, Client, heart_rate, patient, store

SAID = tuple[str, str, str | None]


async def told(client: Client, path: str, body: Any, **options: Any) -> list[SAID]:
    """Severity, code and expression of each issue."""
    headers = {"Content-Type": "application/fhir+json"}
    url = f"{BASE}/{path}"
    answer = await client.send("POST", url, 200, json=body, headers=headers, **options)
    return [
        (i["severity"], i["code"], i.get("expression", [None])[0]) for i in answer.json()["issue"]
    ]


def parameters(**values: Json) -> Json:
    sent = [{"name": name, **value} for name, value in values.items()]
    return {"resourceType": "Parameters", "parameter": sent}


NOTHING = [("information", "informational", None)]
WARNED = [("warning", "invariant", "Patient")]
NARRATIVE = {"status": "generated", "div": '<div xmlns="http://www.w3.org/1999/xhtml">x</div>'}


async def test_of_a_type(client: Client) -> None:
    good = patient("p", text=NARRATIVE)
    assert await told(client, "Patient/$validate", good) == NOTHING
    wrapped = parameters(resource={"resource": good}, mode={"valueCode": "create"})
    assert await told(client, "Patient/$validate", wrapped) == NOTHING
    bad = await told(client, "Patient/$validate", good | {"gender": "x", "birthDate": "x"})
    assert {expression for _, _, expression in bad} == {"Patient.gender", "Patient.birthDate"}
    assert await told(client, "Patient/$validate", {"resourceType": "Flag"}) == [
        ("error", "structure", "Patient")
    ]


async def test_against_profiles(client: Client) -> None:
    rate = heart_rate("o") | {"text": NARRATIVE}
    path = "Observation/$validate"
    for url in (HEART_RATE, "http://hl7.org/fhir/StructureDefinition/Observation"):
        assert await told(client, path, rate, params={"profile": url}) == NOTHING
    wrapped = parameters(
        resource={"resource": rate | {"code": {"text": "x"}}}, profile={"valueUri": HEART_RATE}
    )
    assert await told(client, path, wrapped) == [("error", "invariant", "Observation")]
    unknown = await told(client, path, rate, params={"profile": "http://example.org/x"})
    assert unknown == [("error", "not-supported", "Observation")]


async def test_of_a_resource(client: Client, database: Database) -> None:
    await store(database, patient("p1", text=NARRATIVE))
    path = "Patient/p1/$validate"
    answer = await client.get(path + "?_pretty=true")
    assert answer.json()["issue"][0]["severity"] == "information"
    assert b"\n" in answer.content
    assert await told(client, path, patient("p1", text=NARRATIVE)) == NOTHING
    assert await told(client, path, parameters(mode={"valueCode": "delete"})) == NOTHING
    other = await told(client, path, patient("p2", text=NARRATIVE))
    assert other == [("error", "value", "Patient.id")]
    assert await told(client, path, patient("p1")) == WARNED
    await client.get("Patient/p2/$validate", 404)


BAD = (
    (b"{", "application/fhir+json", 400),
    (b"[]", "application/fhir+json", 400),
    (b"", "application/fhir+json", 400),
    (b"{}", "text/plain", 415),
    (b'{"resourceType": "Parameters"}', "application/fhir+json", 400),
    (
        b'{"resourceType": "Parameters", "parameter": [{"name": "mode", "valueCode": "x"}]}',
        "application/fhir+json",
        400,
    ),
    (b"x" * (1 << 20) + b"x", "application/fhir+json", 413),
)


@pytest.mark.parametrize(("content", "media_type", "status"), BAD)
async def test_what_cannot_be_read(
    client: Client, content: bytes, media_type: str, status: int
) -> None:
    headers = {"Content-Type": media_type}
    url = f"{BASE}/Patient/$validate"
    await client.send("POST", url, status, content=content, headers=headers)


async def test_scopes(with_scopes: Scoped, database: Database) -> None:
    await store(database, patient("p1", text=NARRATIVE))
    sent = patient("p1", text=NARRATIVE)
    for scope in ("system/Patient.r", "system/Patient.c", "system/*.cruds"):
        assert await told(with_scopes(scope), "Patient/$validate", sent) == NOTHING
    other = with_scopes("system/Observation.cruds")
    await other.send("POST", f"{BASE}/Patient/$validate", 403, json=sent)
    await with_scopes("system/Patient.c").get("Patient/p1/$validate", 403)
    narrow = with_scopes("system/Observation.r?category=vital-signs")
    await store(database, heart_rate("o") | {"category": [{"text": "x"}]})
    await narrow.get("Observation/o/$validate", 404)


async def test_numbers_beyond_all_measure(client: Client) -> None:
    content = b'{"resourceType":"Patient","multipleBirthInteger":1e400}'
    headers = {"Content-Type": "application/fhir+json"}
    url = f"{BASE}/Patient/$validate"
    answer = await client.http.request("POST", url, content=content, headers=headers)
    assert answer.status_code in (200, 400)
    assert answer.json()["issue"][0]["severity"] == "error"
