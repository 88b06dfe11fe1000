"""What fuzzing has found, each as the request that once was a fault or gave too much."""

import gzip

import orjson
import pytest

from fhir.values import Json
from tests.api.fuzz.support import Headers, Wire
from tests.api.support import patient

JSON = [("content-type", "application/fhir+json")]
PATCH = [("content-type", "application/json-patch+json")]
ASYNC = [("prefer", "respond-async")]
NO_NAME = [
    ("GET", "/fhir/Patient/a%00b/$everything"),
    ("GET", "/fhir/Observation/a%00b/$spectrum"),
    ("GET", "/fhir/DiagnosticReport/a%00b/$document"),
    ("GET", "/fhir/Binary/a%00b-pdf"),
    ("GET", "/fhir/Group/a%00b/$export"),
    ("GET", "/fhir/_jobs/a%00b"),
    ("DELETE", "/fhir/_jobs/a%00b"),
    ("GET", "/fhir/_jobs/a%00b/1.ndjson"),
]
TINY = b"1e-99999999999999999999"
NUMBERS = {
    "/fhir": b'{"resourceType":"Bundle","type":"batch","entry":[%s]}',
    "/fhir/Observation/$validate": b'{"resourceType":"Observation","valueInteger":%s}',
    "/fhir/Observation/$lastn": b'{"resourceType":"Parameters","parameter":[%s]}',
    "/fhir/Patient": b'{"resourceType":"Patient","extension":[%s]}',
}
DATES = (
    "Mon, 01 Jan 99999999999999999999 00:00:00 GMT",
    "Mon, 01 Jan 2020 00:00:00 +999999999999",
    "Fri, 31 Dec 9999 23:59:59 -2359",
)


def batch(*entries: Json) -> bytes:
    return orjson.dumps({"resourceType": "Bundle", "type": "batch", "entry": entries})


def entry(method: str, url: str, resource: Json | None = None, **more: str) -> Json:
    request = {"method": method, "url": url} | more
    return {"request": request} | ({} if resource is None else {"resource": resource})


def _nested() -> bytes:
    """A patch that nests three thousand deep, a little at a time, and then copies it."""
    inner: Json = {}
    for _ in range(50):
        inner = {"x": inner}
    path, operations = "/x", []
    for _ in range(60):
        operations.append({"op": "add", "path": path, "value": inner})
        path += "/x" * 51
    return orjson.dumps([*operations, {"op": "copy", "from": "/x", "path": "/y"}])


async def test_requests_that_were_faults(wire: Wire) -> None:
    for method, path in NO_NAME:
        assert (await wire.send(method, path, ASYNC)).status == 404
    for path, body in NUMBERS.items():
        assert (await wire.send("POST", path, JSON, body % TINY)).status == 400
    for date in DATES:
        assert (await wire.send("GET", "/fhir/Patient/p0", [("if-modified-since", date)])).status
    assert (await wire.send("PATCH", "/fhir/Patient/p0", PATCH, _nested())).status == 422


async def test_an_order_whose_address_is_no_utf_8(wire: Wire) -> None:
    lenient = [("prefer", "respond-async, handling=lenient")]
    for path in (b"/fhir/$export", b"/fhir/Patient/$export", b"/fhir/Patient"):
        answer = await wire.send("GET", path + b"?\xde\x04=\xfb", lenient)
        assert answer.status == 202


async def _statuses(wire: Wire, *entries: Json) -> list[str]:
    answer = await wire.send("POST", "/fhir", JSON, batch(*entries))
    return [each["response"]["status"] for each in answer.json()["entry"]]


async def test_a_bundle_goes_nowhere_but_below_the_base(wire: Wire) -> None:
    """Neither to OAuth, metrics and enrolment, nor back to itself."""
    urls = ["../auth/token", "/../metrics", "..%2fmetrics", "//metrics", "%2e%2e/enrolment"]
    urls += ["%2f", "/", "#", "?", "", "%00", "Patient/%00", "Patient/a%00/$everything"]
    sent = [entry(method, url) for url in urls for method in ("GET", "POST")]
    assert set(await _statuses(wire, *sent)) <= {"400", "404", "405"}


async def test_criteria_of_an_entry_keep_their_letters(wire: Wire) -> None:
    name = [{"system": "urn:mrn", "value": "Ž?1"}]
    sent = entry(
        "POST", "Patient", patient("x", identifier=name), ifNoneExist="identifier=urn:mrn|Ž%3F1"
    )
    assert await _statuses(wire, sent, sent) == ["201", "200"]


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br"])
async def test_a_packed_body_is_not_unpacked(wire: Wire, coding: str) -> None:
    headers: Headers = [*JSON, ("content-encoding", coding)]
    packed = gzip.compress(b" " * 50_000_000)
    assert (await wire.send("POST", "/fhir/Patient", headers, packed)).status in (400, 413, 415)


async def test_a_resource_of_which_nothing_is_known_lacks_what_its_type_requires(
    wire: Wire,
) -> None:
    """It was once taken, whatever the type; of an Observation it was a fault."""
    for type_, status in (("Observation", 422), ("DiagnosticReport", 422), ("Patient", 201)):
        sent = orjson.dumps({"resourceType": type_})
        assert (await wire.send("POST", f"/fhir/{type_}/$validate", JSON, sent)).status == 200
        assert (await wire.send("POST", f"/fhir/{type_}", JSON, sent)).status == status
