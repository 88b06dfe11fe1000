"""Random Bundles and patches: never a fault of ours, and a transaction is whole or nothing."""

import asyncio
from base64 import b64encode
from typing import Any

import httpx
import orjson
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from api.writes.patch import patched
from core.errors import Incorrect, Invalid
from fhir.values import Json
from tests.api.support import BASE, Client, checked, patient

FHIR = {"Content-Type": "application/fhir+json"}
NAMES = ("a", "b", "c")
LEAF = st.none() | st.booleans() | st.integers(-9, 9) | st.sampled_from(["", "x", "female", "p1"])
PLAIN = st.recursive(
    LEAF, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner)
)
PATHS = "/ /gender /identifier /identifier/0 /identifier/- /identifier/0/value /identifier/9"
POINTERS = st.sampled_from([*PATHS.split(), "", "/name", "/gender/x", "gender", "/id", "/a~2b"])
OPERATION = st.fixed_dictionaries(
    {"op": st.sampled_from(["add", "remove", "replace", "move", "copy", "test", "x"])},
    optional={"path": POINTERS | PLAIN, "from": POINTERS | PLAIN, "value": PLAIN},
)
OPERATIONS = st.lists(OPERATION | PLAIN, max_size=6)


def _patching(operations: Any) -> Json:
    data = b64encode(orjson.dumps(operations)).decode()
    return {"resourceType": "Binary", "contentType": "application/json-patch+json", "data": data}


SUBJECTS = st.sampled_from(
    [
        "Patient/a",
        "Patient/never",
        f"{BASE}/Patient/b",
        "urn:uuid:1",
        "urn:uuid:2",
        "Patient?identifier=MRN-a",
        "Patient?identifier=x",
        "https://other.test/Patient/1",
    ]
)


def _observation(subject: str) -> Json:
    return {
        "resourceType": "Observation",
        "status": "final",
        "code": {"text": "x"},
        "subject": {"reference": subject},
    }


RESOURCES = (
    st.sampled_from(NAMES).map(patient)
    | SUBJECTS.map(_observation)
    | OPERATIONS.map(_patching)
    | st.dictionaries(st.sampled_from(["resourceType", "id", "gender", "name"]), PLAIN)
)
URLS = st.sampled_from(
    [f"Patient/{name}" for name in NAMES]
    + ["Patient", "Observation", "Patient?identifier=MRN-a", "Patient?identifier=MRN-x", ""]
    + ["Patient/a/_history/1", "Observation?_include=x", "Unicorn/1", "metadata", "%ff", "Patient?"]
)
REQUESTS = st.fixed_dictionaries(
    {"method": st.sampled_from(["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"]), "url": URLS},
    optional={
        "ifMatch": st.sampled_from(['W/"1"', 'W/"2"', "x"]),
        "ifNoneExist": st.sampled_from(["identifier=MRN-a", "identifier=MRN-b", "x=y", ""]),
        "ifNoneMatch": st.sampled_from(["*", 'W/"1"']),
        "ifModifiedSince": LEAF,
    },
)
ENTRIES = st.fixed_dictionaries(
    {"request": REQUESTS},
    optional={
        "resource": RESOURCES,
        "fullUrl": st.sampled_from(["urn:uuid:1", "urn:uuid:2", "http://other.test/Patient/1"]),
    },
)


def _entry(method: str, url: str, resource: Json | None = None, full_url: str = "") -> Json:
    sent = {} if resource is None else {"resource": resource}
    return sent | {"request": {"method": method, "url": url}} | _full(full_url)


def _full(url: str) -> Json:
    return {"fullUrl": url} if url else {}


USUAL = (
    st.sampled_from(NAMES).map(lambda n: _entry("PUT", f"Patient/{n}", patient(n)))
    | st.sampled_from(NAMES).map(lambda n: _entry("DELETE", f"Patient/{n}"))
    | st.just(_entry("POST", "Patient", patient("x"), "urn:uuid:1"))
    | SUBJECTS.map(lambda s: _entry("POST", "Observation", _observation(s)))
    | SUBJECTS.map(lambda s: _entry("PUT", "Observation/o", _observation(s) | {"id": "o"}))
    | st.just(_entry("GET", "Observation?subject=Patient/a"))
)
SANE = st.lists(USUAL, max_size=5) | st.lists(USUAL | ENTRIES, max_size=5)
WILD = st.lists(ENTRIES | PLAIN, max_size=5) | PLAIN


async def _state(http: httpx.AsyncClient) -> Any:
    answers = [await http.get(f"{BASE}/{type_}?_count=200") for type_ in ("Patient", "Observation")]
    return [[entry["resource"] for entry in a.json().get("entry", [])] for a in answers]


async def test_random_bundles(writer: Client) -> None:
    """Whatever is sent has a FHIR answer below 500; what is refused has changed nothing."""
    loop = asyncio.get_running_loop()

    async def send(type_: str, entries: Any) -> None:
        before = await _state(writer.http)
        sent = orjson.dumps({"resourceType": "Bundle", "type": type_, "entry": entries})
        answer = await writer.http.post(BASE, content=sent, headers=FHIR)
        assert answer.status_code < 500, answer.text
        checked(answer)
        if answer.status_code >= 400:
            assert await _state(writer.http) == before
        else:
            told = answer.json().get("entry", [])
            assert len(told) == len(entries)
            assert all(int(entry["response"]["status"]) < 500 for entry in told)
            if type_ == "transaction":
                assert all(int(entry["response"]["status"]) < 400 for entry in told)

    @settings(max_examples=100, suppress_health_check=list(HealthCheck))
    @given(st.sampled_from(["batch", "transaction"]), SANE | WILD)
    def search(type_: str, entries: Any) -> None:
        asyncio.run_coroutine_threadsafe(send(type_, entries), loop).result(60)

    await asyncio.to_thread(search)


@given(OPERATIONS)
def test_random_patches(operations: list[Any]) -> None:
    before = patient("p1", gender="female")
    try:
        after = patched(before, operations)
    except (Incorrect, Invalid):
        after = None
    assert after is None or isinstance(after, dict)
    assert before == patient("p1", gender="female")
